package kubernetes.admission

violation[{"msg": msg}] {
  input.review.kind.kind == "Pod"
  container := input.review.object.spec.containers[_]
  not allowed(container.image)
  msg := sprintf("%s/%s: the image %s is from nowhere we know", [input.review.namespace, input.review.name, container.image])
}

allowed(image) { startswith(image, input.parameters.repositories[_]) }

deny_privileged[msg] {
  input.review.kind == {"group": "apps", "version": "v1", "kind": "Deployment"}
  input.review.object.apiVersion == "apps/v1"
  input.review.operation == "CREATE"
  container := input.review.object.spec.template.spec.containers[_]
  container.securityContext.privileged
  msg := sprintf("%s of %s is privileged", [container.name, input._pulumi.urn])
}

stack_warn[msg] {
  count(input.resources) > 1
  msg := sprintf("%d objects, first %s", [count(input.resources), input.resources[0].review.kind.kind])
}
