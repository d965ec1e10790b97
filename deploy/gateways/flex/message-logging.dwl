#[write({
    apiId: vars.apiId,
    apiName: vars.apiName,
    apiInstanceName: vars.apiInstanceName,
    apiVersion: vars.apiVersion,
    hostId: vars.hostId,
    reqId: vars.reqId,
    receivedTs: vars.receivedTs,
    repliedTs: vars.repliedTs,
    remoteAddress: vars.remoteAddress,
    method: vars.method,
    requestPath: vars.requestPath,
    statusCode: attributes.statusCode,
    requestDisposition: vars.requestDisposition,
    clientId: authentication.clientId,
    userAgent: vars.request.headers['user-agent'],
    requestBytes: vars.request.headers['content-length'],
    responseBytes: attributes.headers['content-length'],
    violation: {
        clientId: vars.violation.clientId,
        clientName: vars.violation.clientName,
        policyName: vars.violation.policyName,
        violationType: vars.violation.violationType
    }
}, "application/json", {indent: false})]
