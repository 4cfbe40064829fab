"""Operations on an existing stack: invocations, health, release history, published environments."""
