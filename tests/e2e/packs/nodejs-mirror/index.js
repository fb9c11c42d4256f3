"use strict";
// Reports all that it is shown, so that two hosts can be compared value by value.

const { PolicyPack } = require("@pulumi/policy");

const provider = (shown) => shown && [shown.type, shown.urn, shown.name, shown.props];
const shown = (args) => [args.type, args.urn, args.name, args.props, args.opts, provider(args.provider)];
const urns = (resources) => resources.map((resource) => resource.urn);
const byProperty = (found) => Object.entries(found).map(([name, resources]) => [name, urns(resources)]).sort();

new PolicyPack("nodejs-mirror", {
    enforcementLevel: "advisory",
    policies: [
        {
            name: "resource",
            description: "What a resource policy sees.",
            validateResource: (args, reportViolation) => reportViolation(JSON.stringify(shown(args))),
        },
        {
            name: "stack",
            description: "What a stack policy sees.",
            validateStack: (args, reportViolation) => {
                for (const each of args.resources) {
                    const related = [each.parent?.urn, urns(each.dependencies), byProperty(each.propertyDependencies)];
                    reportViolation(JSON.stringify([...shown(each), ...related]), each.urn);
                }
            },
        },
    ],
});
