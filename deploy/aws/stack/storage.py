"""Storage: the bucket for results, the images, the log group, and secrets."""

from collections.abc import Mapping
from dataclasses import dataclass

from aws_cdk import Aws, Duration, RemovalPolicy
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from bot.config.deploy import Deploy
from deploy.aws.stack.nag import explain


@dataclass(frozen=True, slots=True)
class Storage:
    bucket: s3.Bucket
    images: ecr.Repository
    log: logs.LogGroup
    running: Mapping[str, str]
    """By target, what stands behind the repository's address."""

    def image(self, target: str) -> str:
        """By its digest."""
        return f"{self.images_uri}{self.running[target]}"

    @property
    def images_uri(self) -> str:
        """In a fifth of the characters that the CDK's own attribute takes in the template."""
        uri: str = self.images.node.default_child.attr_repository_uri
        return uri

    @property
    def log_arn(self) -> str:
        """Without the `:*` of CloudFormation's attribute, so that a log stream can be appended."""
        name = self.log.log_group_name
        return f"arn:{Aws.PARTITION}:logs:{Aws.REGION}:{Aws.ACCOUNT_ID}:log-group:{name}"


def storage(scope: Construct, deploy: Deploy, running: Mapping[str, str]) -> Storage:
    return Storage(_bucket(scope), _images(scope, deploy), _log(scope, deploy), running)


def _bucket(scope: Construct) -> s3.Bucket:
    """The bucket stays when the stack is deleted: results are worth more than they cost."""
    bucket = s3.Bucket(
        scope,
        "Artifacts",
        encryption=s3.BucketEncryption.S3_MANAGED,
        block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
        object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
        enforce_ssl=True,
        minimum_tls_version=1.2,
        versioned=True,
        lifecycle_rules=[
            s3.LifecycleRule(id="unfinished-uploads", abort_incomplete_multipart_upload_after=Duration.days(1)),
            # Each epoch overwrites the checkpoint: old versions are many and large.
            s3.LifecycleRule(id="old-results", prefix="jobs/", noncurrent_version_expiration=Duration.days(3)),
            s3.LifecycleRule(id="old-stores", prefix="signalbox/", noncurrent_version_expiration=Duration.days(30)),
            s3.LifecycleRule(id="old-data", prefix="data/", noncurrent_version_expiration=Duration.days(30)),
            s3.LifecycleRule(id="deleted", expired_object_delete_marker=True),
        ],
        removal_policy=RemovalPolicy.RETAIN,
    )
    reason = "Access logs need another bucket and cost by the request; only two roles of this stack reach this one."
    explain(bucket, "S1", reason)
    return bucket


def _images(scope: Construct, deploy: Deploy) -> ecr.Repository:
    """The repository deletes no image that has a tag, as it can't know which ones run: deploy/aws/old_images.py does.

    A repository of an earlier version, with tags that move, is changed in place and keeps its images:
    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ecr-repository.html
    """
    images = ecr.Repository(
        scope,
        "Images",
        repository_name=deploy.stack,
        image_scan_on_push=True,
        image_tag_mutability=ecr.TagMutability.IMMUTABLE,
        lifecycle_rules=[
            ecr.LifecycleRule(
                rule_priority=1,
                description="Images without a tag",
                tag_status=ecr.TagStatus.UNTAGGED,
                max_image_age=Duration.days(7),
            ),
        ],
        removal_policy=RemovalPolicy.DESTROY,
        empty_on_delete=True,  # images can be rebuilt from their commit
    )
    # ECR's default, written out: the CDK would omit it.
    images.node.default_child.add_property_override("EncryptionConfiguration", {"EncryptionType": "AES256"})
    return images


def _log(scope: Construct, deploy: Deploy) -> logs.LogGroup:
    """The log group is deleted with the stack: each job's whole log is also in the bucket."""
    group = logs.LogGroup(scope, "JobLog", log_group_name=f"/{deploy.stack}/jobs", removal_policy=RemovalPolicy.DESTROY)
    group.node.default_child.add_property_override("RetentionInDays", deploy.log_days)
    return group


def git_token(scope: Construct, logical_id: str, name: str) -> secretsmanager.Secret:
    """Its first value is random, which is harmless: git sends it only if a host asks, as for private repositories."""
    secret = secretsmanager.Secret(
        scope, logical_id, secret_name=name, description="A token that can read private repositories, and nothing else"
    )
    explain(secret, "SMG4", "The token comes from the repositories' host: AWS cannot rotate it.")
    return secret


def job_secret(scope: Construct, logical_id: str, name: str) -> secretsmanager.Secret:
    """A variable of one project's jobs, `signalbox/mnist/WANDB_API_KEY`. Its first value is random.

    One secret for each, because a stack that adds a name to a shared one would reset the others' values.
    """
    secret = secretsmanager.Secret(scope, logical_id, secret_name=name, description="For the command of jobs")
    explain(secret, "SMG4", "The value comes from another service: AWS cannot rotate it.")
    return secret
