"""The collector's section of the configuration."""

from pydantic import BaseModel, ConfigDict

from collector.formats.config import TransformConfig
from collector.receivers.files.config import FilesConfig
from collector.receivers.forward.config import ForwardConfig
from collector.receivers.grpc.config import GrpcConfig
from collector.receivers.http.config import HttpConfig
from collector.receivers.scrape.config import ScrapeConfig
from collector.spool.config import SpoolConfig
from collector.writer.reconciliation import ReconciliationConfig
from collector.writer.writer import WriterConfig


class CollectorConfig(BaseModel):
    """Telemetry in."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    files: FilesConfig = FilesConfig()
    forward: ForwardConfig = ForwardConfig()
    grpc: GrpcConfig = GrpcConfig()
    http: HttpConfig = HttpConfig()
    reconciliation: ReconciliationConfig = ReconciliationConfig()
    scrape: ScrapeConfig = ScrapeConfig()
    spool: SpoolConfig = SpoolConfig()
    transforms: TransformConfig = TransformConfig()
    writer: WriterConfig = WriterConfig()
