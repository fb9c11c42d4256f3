"""The real Pulumi CLI runs installed packs: no part of Pulumi is imitated but the cloud provider."""
