"use strict";

const { AwsGuard } = require("@pulumi/awsguard");

new AwsGuard({
    all: "mandatory",
    apiGatewayStageCached: "advisory",
    ec2VolumeInUse: { checkDeletion: false },
    redshiftClusterConfiguration: { enforcementLevel: "advisory", nodeTypes: ["ra3.large"] },
    rdsInstanceMultiAZEnabled: "disabled",
});
