package kinds

import future.keywords.every
import future.keywords.in

deny[msg] {
  input.type == "demo:index:Server"
  not input.monitoring
  msg := sprintf("%s is not watched", [input.__name])
}

stack_deny[msg] {
  names := [name | name := input.resources[_].name]
  some name in names
  count([1 | names[_] == name]) > 1
  msg := sprintf("several resources are called %s", [name])
}

stack_warn_lonely[msg] {
  resource := input.resources[_]
  resource.type != "pulumi:pulumi:Stack"
  count(resource.dependencies) == 0
  msg := sprintf("%s depends on nothing", [resource.name])
}

stack_violation["nothing is protected"] {
  every resource in input.resources { not resource.options.protect }
}
