"""What is printed when Gatelens is ready: where people and gateways reach it."""

from pathlib import Path

from rich.console import Console

from gatelens import __version__
from gatelens.data_directory.directory import Addresses


def announce(addresses: Addresses, data: Path, sign_in: str) -> None:
    out = Console()
    out.print(f"[bold]Gatelens {__version__}[/] is ready; data in {data}", highlight=False)
    out.print(f"  pages       {addresses.web}", highlight=False)
    out.print(f"  gRPC        {addresses.grpc} (OTLP, ALS)", highlight=False)
    if addresses.forward:
        out.print(f"  Forward     {addresses.forward} (Fluent Bit, Fluentd)", highlight=False)
    out.print(f"  HTTP        {addresses.http} (OTLP, /ingest, HEC, remote write)", highlight=False)
    if sign_in:
        out.print(f"  sign-in     {sign_in}", highlight=False, soft_wrap=True, markup=False)
    out.print("Stop with Ctrl+C.")
