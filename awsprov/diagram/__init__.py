"""The stack as a diagram: model, layout, SVG and text."""
