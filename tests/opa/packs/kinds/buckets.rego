# METADATA
# title: Every kind of rule
package kinds

# METADATA
# title: Buckets are private
# description: Nobody but us reads them
# custom:
#   message: Make the bucket private
deny[msg] {
  input.type == "demo:index:Bucket"
  input.acl == "public-read"
  msg := sprintf("%s is public", [input.__name])
}

deny[msg] {
  input.type == "demo:index:Bucket"
  limit := data.config.deny.limit
  input.size > limit
  msg := sprintf("%s has %d bytes, more than %v", [input.name, input.size, limit])
}

# Fails for sizes that are no numbers, which is no violation and no error.
deny_half[msg] {
  to_number(input.size) / input.parts > 5
  msg := sprintf("a part of %s is too large", [input.__name])
}

violation[{"msg": msg, "details": {"tags": missing}}] {
  input.type == "demo:index:Bucket"
  missing := required - {tag | input.tags[tag]}
  count(missing) > 0
  msg := sprintf("tags are missing: %v", [missing])
}

required = {"owner", "cost"}

# METADATA
# title: Names are short
warn_name[msg] {
  count(input.name) > 12
  msg := concat(" ", [input.name, "is long"])
}

violation_2["all tags are set to one value"] {
  values := {value | value := input.tags[_]}
  count(input.tags) > 1
  count(values) == 1
}

deny_listed := [msg | some i; input.rules[i].port == 22; msg := sprintf("rule %d opens ssh", [i])]

warn_numbers[count(input.rules)] { count(input.rules) > 1 }

warn_nested[msg] {
  [path, value] := walk(input.props)
  value == "secret"
  msg := sprintf("a secret lies at %s", [concat("/", [step | step := sprintf("%v", [path[_]])])])
}

helper_is_bucket { input.type == "demo:index:Bucket" }
