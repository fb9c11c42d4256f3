# Reports all that it is shown, so that two hosts can be compared value by value.
package opa_mirror

import rego.v1

warn_resource contains json.marshal(input)

stack_warn contains json.marshal(resource) if some resource in input.resources
