"""One attempt of a job, from the claim to the last upload."""

import os
import shlex
import signal
import socket
import threading
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path

from trainer.command_line import arguments
from trainer.contract import MANIFEST_JSON, STOPPED, Env, ExitCode
from trainer.errors import Ended, Stopped
from trainer.fetch.assignment import Assignment
from trainer.fetch.checkout import Fetched
from trainer.fetch.install import Layer, install
from trainer.metrics.line_patterns import LinePatterns
from trainer.metrics.sources import Sources
from trainer.process import console
from trainer.process.gpu import SAMPLE_SECONDS, GpuWatch
from trainer.process.stopping import Stopping
from trainer.process.tools import Programs
from trainer.process.training import Command
from trainer.process.users import User
from trainer.run.earlier_job import EarlierJob
from trainer.run.finish import Finish
from trainer.run.open_metadata import OpenMetadata
from trainer.run.periodic import Periodic
from trainer.run.ports import free_ports
from trainer.run.session import environment_for_command, open_session
from trainer.run.spot import POLL_SECONDS, Metadata, SpotWatch
from trainer.storage.artifacts import Artifacts
from trainer.storage.bucket import Bucket, BucketTrouble
from trainer.storage.claim import Claim, Holder
from trainer.storage.folder import SCHEME, Folder
from trainer.storage.left_files import CheckoutTree, OutputTree
from trainer.storage.manifest import AttemptRecord, Manifest, earlier_attempts
from trainer.storage.not_stored import NotStored
from trainer.storage.own_checkpoints import OwnCheckpoints
from trainer.storage.restore import Quality, Restored, restore
from trainer.storage.seal import Seal
from trainer.storage.upload import Uploads

LIVE_SECONDS = 0.02
"""How soon a new checkpoint is noticed. The training code waits for it before it reports the next epoch."""
ARTIFACTS_SECONDS = 3.0
MANIFEST_SECONDS = 3600.0
RELEASE_SECONDS = 2.0
"""How long the end of an attempt waits for S3 to record it."""


class Attempt:
    """One attempt of `job`. `fetched` waits for the checkout, which runs in the background."""

    def __init__(
        self,
        job: Assignment,
        bucket: Bucket,
        fetched: Callable[[], Fetched],
        programs: Programs,
        stopping: Stopping,
        training: User | None = None,
    ) -> None:
        self._job, self._bucket, self._fetched = job, bucket, fetched
        self._programs, self._stopping, self._training = programs, stopping, training
        self._open_metadata = OpenMetadata(programs, separated=training is not None)
        self._session = open_session(os.environ, job)
        self._host = socket.gethostname()
        self._claim_lost: Ended | None = None
        self._storing = threading.Lock()
        self._seal = Seal(job.key, job.job_id)
        holder = Holder(uuid.uuid4().hex, job.batch_job_id, job.attempt, self._host)
        self._claim = Claim(self._bucket, holder, self._seal)
        self._sources = Sources(
            job.code,
            job.output,
            job.metrics_file,
            metric=job.metric,
            patterns=LinePatterns(job.metric_patterns),
            emit=console.emit,
            log=console.log,
        )
        self._uploads = Uploads(self._bucket, job.output, job.control, self._sources, self._seal)
        self._checkout = CheckoutTree(job.code, job.output, job.keep, programs)
        self._own_checkpoints = OwnCheckpoints(
            self._bucket, job.code, job.output, job.checkpoints, self._seal, lambda: self._uploads.store_live(now=True)
        )
        self._earlier_job, self._goes_on = EarlierJob(job, open_bucket), False
        self._resumed: Path | None = None
        self._artifacts = Artifacts(self._bucket, [OutputTree(job.output), self._checkout], job.keep_limit)
        self._manifest = Manifest(job, arguments(job.command, job.parameters, job.flags))

    def run(self) -> int:
        """Run the attempt and return the command's exit code. Raises `Ended` and `Stopped`."""
        try:
            self._claim.take()
            restored = self._restore()
        except BucketTrouble as error:
            raise _refused(error) from error
        renewing = Periodic("claim", self._claim.pause, self._claim.renew, self._on_claim_lost).start()
        code = int(ExitCode.INTERNAL_ERROR)
        try:
            code = self._train(restored)
        except Ended as error:
            code = error.trouble.code
            raise
        except Stopped:
            code = STOPPED
            raise
        finally:
            renewing.stop(timeout=1)  # a late renewal would overwrite the exit code
            self._release(code)
        return code

    def _restore(self) -> Restored:
        job, earlier = self._job, self._claim.earlier
        for folder in (job.output, job.control):
            folder.mkdir(parents=True, exist_ok=True)
        restored = restore(self._bucket, job.output, self._seal) if earlier else Restored(Quality.ABSENT)
        own = restored.checkpoint_at or (earlier is not None and self._own_checkpoints.stored_earlier())
        if earlier is not None:
            stored = self._bucket.get(MANIFEST_JSON)
            sealed = stored is not None and self._seal.is_on(stored.metadata, MANIFEST_JSON, stored.body)
            body = stored.body if stored and sealed else None
            self._manifest.attempts = earlier_attempts(body, earlier.seen_at, restored.checkpoint_at)
            after = f"after attempt {earlier.holder.attempt} on {earlier.holder.host}"
            how = "resuming from its checkpoint" if own else "starting from the beginning"
            console.log(f"attempt {job.attempt}, {how} {after}")
        self._goes_on = not own and job.origin is not None
        if self._goes_on:
            restored = self._earlier_job.restore()
        record = AttemptRecord(job.attempt, job.batch_job_id, self._host, time.time())
        self._manifest.attempts.append(record)
        return restored

    def _train(self, restored: Restored) -> int:
        job = self._job
        fetched = self._fetched()
        self._manifest.subject = fetched.subject
        self._open_metadata.check()
        job.check_directory()
        console.log(f'fetched {job.commit[:7]} "{fetched.subject}" in {fetched.seconds:.1f} s')
        layer = install(job.install, job.code, job.cache, self._programs)
        if layer is not None:
            how = "reused from the cache" if layer.reused else "installed"
            console.log(f"{job.install}: {how} ({layer.seconds:.1f} s)")
        self._restore_own_checkpoint()
        self._sources.begin()
        self._checkout.begin()
        self._uploads.begin(good=restored.quality in (Quality.GOOD, Quality.UNVERIFIED), own=restored.own)
        console.log(f"running {shlex.join(self._manifest.arguments)}")
        began = time.monotonic()
        code = self._store_until_end(self._stopping.guard(lambda: self._start(layer)))
        if self._claim_lost is not None:
            raise self._claim_lost
        console.log(f"the command ended with {_describe(code)} after {time.monotonic() - began:.1f} s")
        return self._finish(code)

    def _start(self, layer: Layer | None) -> Command:
        words, environment = self._manifest.arguments, self._environment(layer)
        return Command(words, self._job.directory, environment, self._sources.add_line, self._training)

    def _restore_own_checkpoint(self) -> None:
        """Restore a checkpoint of the code's own, and point the command to it."""
        try:
            self._resumed = self._own_checkpoints.restore() if self._claim.earlier else None
            if self._goes_on:
                self._resumed = self._earlier_job.restore_own_checkpoint()
        except BucketTrouble as error:
            raise _refused(error) from error
        self._own_checkpoints.begin()
        if self._resumed is not None:
            more = [word.replace("{checkpoint}", str(self._resumed)) for word in self._job.resume_arguments]
            self._manifest.arguments = [*self._manifest.arguments, *more]

    def _store_until_end(self, command: Command) -> int:
        """Store files as they appear until the command ends. Returns its exit code."""
        with ExitStack() as background:
            for name, seconds, action in self._background():
                background.callback(Periodic(name, seconds, action, self._on_claim_lost, at_once=True).start().stop)
            if self._claim_lost is not None:
                self._stopping.end_command()
            return command.wait()

    def _background(self) -> list[tuple[str, float, Callable[[], object]]]:
        tasks: list[tuple[str, float, Callable[[], object]]] = [
            ("manifest", MANIFEST_SECONDS, self._store_manifest),
            ("metrics and checkpoint", LIVE_SECONDS, self._uploads.store_live),
            ("artifacts", ARTIFACTS_SECONDS, self._artifacts.store),
            ("checkpoint", ARTIFACTS_SECONDS, self._own_checkpoints.store),
            ("GPU", SAMPLE_SECONDS, GpuWatch(self._programs).sample),
        ]
        metadata = Metadata.from_environment()
        if metadata is not None:
            watch = SpotWatch(metadata, self._job.control, self._on_host)
            tasks.append(("spot notice", POLL_SECONDS, watch.poll))
        return tasks

    def _finish(self, code: int) -> int:
        """Store everything within the time that is left. Returns the exit code."""
        self._manifest.change(ended=time.time(), exit_code=code)
        self._sources.end(complete=code == 0)
        if self._stopping.at is not None:  # another attempt may follow
            threading.Thread(target=self._store_own_checkpoint, daemon=True, name="checkpoint").start()
        return Finish(self._uploads, self._artifacts, self._record, self._stopping, self._bucket.uri).run(code)

    def _store_own_checkpoint(self) -> None:
        with suppress(BucketTrouble, OSError):
            self._own_checkpoints.store(now=True)

    def _record(self, not_stored: Sequence[NotStored]) -> None:
        self._manifest.not_stored = not_stored
        self._store_manifest()

    def _store_manifest(self) -> None:
        with self._storing:
            body = self._manifest.body()
            self._bucket.put(MANIFEST_JSON, body, metadata=self._seal.on(MANIFEST_JSON, body))

    def _release(self, code: int) -> None:
        """Record the end of this attempt in the claim. If S3 does not answer, the claim expires by its age."""
        if self._claim_lost is None:
            releasing = threading.Thread(target=self._end_claim, args=[code], daemon=True, name="release")
            releasing.start()
            releasing.join(RELEASE_SECONDS)

    def _end_claim(self, code: int) -> None:
        with suppress(BucketTrouble, Ended):
            self._claim.end(code)

    def _on_claim_lost(self, error: Ended) -> None:
        """Stop the command and all uploads: another attempt has taken over the job."""
        self._claim_lost = error
        self._uploads.close()
        self._artifacts.close()
        self._own_checkpoints.close()
        self._stopping.end_command()

    def _on_host(self, host: str) -> None:
        self._manifest.change(host=host)
        self._store_manifest()

    def _environment(self, layer: Layer | None) -> Mapping[str, str]:
        job = self._job
        environment = environment_for_command(os.environ, self._session)
        environment.setdefault("PYTHONUNBUFFERED", "1")
        environment |= free_ports(environment)
        environment |= {Env.JOB_ID: job.job_id, Env.OUTPUT_DIR: str(job.output), Env.CONTROL_DIR: str(job.control)}
        environment |= job.secrets
        environment |= {Env.PARAMETERS: job.parameters_json, Env.OUTPUT_URI: job.output_uri}
        if self._resumed is not None:
            environment[Env.RESUME_CHECKPOINT] = str(self._resumed)
        return layer.environment(environment) if layer else environment


def open_bucket(uri: str) -> Bucket:
    """Open the job's prefix. Raises `Ended` if the AWS SDK can't be set up: no region, for example."""
    if uri.startswith(SCHEME):
        return Folder(uri)
    try:
        return Bucket(uri)
    except BucketTrouble as error:
        raise _refused(error) from error


def _refused(error: BucketTrouble) -> Ended:
    return Ended(ExitCode.BUCKET_NOT_WRITABLE, f"Can't use the bucket: {error}")


def _describe(code: int) -> str:
    """Format an exit code: `1`, `143 (SIGTERM)`."""
    with suppress(ValueError):
        return f"{code} ({signal.Signals(code - 128).name})" if code > 128 else str(code)
    return str(code)
