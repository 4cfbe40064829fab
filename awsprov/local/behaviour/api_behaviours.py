"""The behaviours of API Gateway that are implemented in the backend of the local cloud."""

from awsprov.local.behaviour.backend_behaviour import BackendBehaviour
from awsprov.local.behaviour.fidelity_row import API, ESTIMATE, GUIDE, MODEL, REPORTS

API_BEHAVIOURS = (
    BackendBehaviour(
        subject="TagResource and UntagResource of a REST API, an API key, a usage plan, or the stage of an HTTP API",
        aws="change its tags",
        moto="fail, or change nothing",
        source=API,
    ),
    BackendBehaviour(
        subject="An integration of a REST API without timeoutInMillis",
        aws="29,000",
        moto="none",
        source=MODEL,
    ),
    BackendBehaviour(
        subject="The loggingLevel of methods of which other settings are set",
        aws="`OFF`",
        moto="none",
        source=API,
    ),
    BackendBehaviour(
        subject="An integration of an HTTP API without ConnectionType",
        aws="`INTERNET`",
        moto="none",
        source=MODEL,
    ),
    BackendBehaviour(
        subject="GetAuthorizers of an HTTP API",
        aws="lists the authorizers",
        moto="not implemented",
        source=API,
    ),
    BackendBehaviour(
        subject="A Lambda custom integration (type AWS) of a REST API",
        aws="mapping templates make the event and the response; the integration response is the one whose pattern "
        "matches the whole `errorMessage`",
        moto="does not invoke the function",
        source=GUIDE,
    ),
    BackendBehaviour(
        subject="A request whose media type has no mapping template",
        aws="`415`, depending on `passthroughBehavior`",
        moto="not checked",
        source=GUIDE,
    ),
    BackendBehaviour(
        subject="A request to a Lambda custom integration whose event is not JSON",
        aws='`400` "Could not parse request body into json: …"; the function is not invoked',
        moto="does not invoke the function",
        source=REPORTS,
    ),
    BackendBehaviour(
        subject="An integration response whose status code has no method response",
        aws="accepted without headers; requests that select it get `500`",
        moto="used",
        source=REPORTS,
    ),
    BackendBehaviour(
        subject="Several integration responses whose patterns match an error",
        aws="one of them; the order is not documented",
        moto="the first",
        local="the first",
        source=ESTIMATE,
    ),
    BackendBehaviour(
        subject="A request of an IAM user or a role to an API with IAM authorization",
        aws="identity policies, permissions boundary and the API's policy must allow `execute-api:Invoke`",
        moto="does not serve APIs",
        source=GUIDE,
    ),
    BackendBehaviour(
        subject="Gateway responses of a REST API",
        aws="set status and headers of the errors of API Gateway itself, by type or for all of 4xx and 5xx",
        moto="stored",
        source=GUIDE,
    ),
)
