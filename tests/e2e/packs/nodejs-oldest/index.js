"use strict";
// What the oldest SDK can do: no remediations, no severities, no policy types, no ConfigureStack.

const { PolicyPack } = require("@pulumi/policy");

new PolicyPack("nodejs-oldest", {
    enforcementLevel: "advisory",
    policies: [
        {
            name: "private",
            description: "A bucket has an allowed access list.",
            enforcementLevel: "mandatory",
            configSchema: {
                properties: { allowed: { type: "array", items: { type: "string" }, default: ["private"] } },
            },
            validateResource: (args, reportViolation) => {
                if (args.type === "demo:index:Bucket" && !args.getConfig().allowed.includes(args.props.acl)) {
                    reportViolation(`${args.name} has the access list ${args.props.acl}.`);
                }
            },
        },
        {
            name: "unique",
            description: "Names are unique.",
            validateStack: (args, reportViolation) => {
                const names = args.resources.map((resource) => resource.props.bucketName).filter(Boolean);
                for (const resource of args.resources) {
                    if (names.filter((name) => name === resource.props.bucketName).length > 1) {
                        reportViolation(`${resource.name} shares its name.`, resource.urn);
                    }
                }
            },
        },
    ],
});
