"""What the platform stores, and how an analysis advances with time."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Dict, List, Optional, Tuple

if TYPE_CHECKING:
    from onekey_standin.contents import Component


@dataclass(frozen=True)
class Named:
    """A product group or an analysis configuration."""

    id: str
    name: str


@dataclass
class Product:
    """Documented: the same product name is the same product, made by the first upload."""

    name: str
    vendor: str
    category: Optional[str]
    group: Named
    firmwares: List["Firmware"] = field(default_factory=list)


@dataclass
class Tenant:
    """One customer's environment; the left part of a token is its ID."""

    id: str
    name: str
    product_groups: List[Named]
    analysis_configurations: List[Named]
    products: Dict[str, Product] = field(default_factory=dict)

    def product(self, name: str, vendor: str, category: Optional[str], group: Named) -> Product:
        """The product of that name, made if need be."""
        return self.products.setdefault(name, Product(name, vendor, category, group))

    def group(self, name: Optional[str]) -> Named:
        """The product group of that name; the first one for None."""
        for group in self.product_groups:
            if name in (None, group.name):
                return group
        raise ValueError(f"no product group is called {name!r}")


@dataclass
class UploadMetadata:
    """What createFirmwareUpload registered; good for one upload."""

    id: str
    tenant: Tenant
    name: str
    version: Optional[str]
    release_date: Optional[str]
    notes: Optional[str]
    monitoring: bool
    vendor: str
    product: str
    category: Optional[str]
    group: Named
    configuration: Named
    used: bool = False


@dataclass
class Part:
    """A received part of a multipart body: its digest, never its content."""

    name: str
    filename: Optional[str]
    content_type: Optional[str]
    size: int
    sha256: str
    #: The first bytes, enough to tell an SBOM's kind.
    head: bytes = b""

    def as_json(self) -> Dict[str, Any]:
        return {"filename": self.filename, "content_type": self.content_type,
                "size": self.size, "sha256": self.sha256}


@dataclass
class Firmware:
    """A firmware image whose analysis runs or has run."""

    id: str
    tenant: Tenant
    product: Product
    name: str
    version: Optional[str]
    sha256: Optional[str]
    created: float
    analysis_seconds: float
    components: int
    result: str = "COMPLETE"
    #: Changes the versions of some components.
    revision: int = 0
    #: Entries of the SBOM's vulnerability part.
    vex: int = 0
    #: The exact components, when a test says so (contents.component()).
    components_list: Optional[List[Component]] = None
    #: Version of the SBOM's specification; None for the usual one.
    spec_version: Optional[str] = None
    #: What is wrong with its SBOM (sbom_faults.KINDS).
    sbom_fault: Optional[str] = None
    #: What the analysis found, when a test says so (contents.issue(), contents.cve()).
    issues: Optional[List[Dict[str, Any]]] = None
    cves: Optional[List[Dict[str, Any]]] = None
    #: The analysis never gets past RUNNING.
    stuck: bool = False
    vanished: bool = False
    #: Had an analysis ended well before the one that runs, or failed, now?
    succeeded: bool = False
    downloads: int = 0

    @property
    def component_count(self) -> int:
        """How many components a sound SBOM of it has."""
        return self.components if self.components_list is None else len(self.components_list)

    def phase(self, now: float) -> "Phase":
        """How far the analysis is at `now` (same clock as `created`)."""
        share = (now - self.created) / self.analysis_seconds if self.analysis_seconds else 1.0
        for end, phase in _PHASES:
            if share < end:
                return phase
        if self.stuck:
            return _PHASES[-1][1]
        return Phase(visible=True, state="DONE", result=self.result)

    def analyse_again(self, now: float) -> None:
        """Back to QUEUED. Documented: monitoring re-analyses, so DONE need not be the end."""
        self.created = now - _QUEUED_FROM * self.analysis_seconds


@dataclass(frozen=True)
class Phase:
    """What a poll sees: `firmware` null, `latestAnalysis` null, or a state with its result."""

    visible: bool
    state: Optional[str] = None
    result: Optional[str] = None

    @property
    def complete(self) -> bool:
        return self.state == "DONE" and self.result == "COMPLETE"


#: Share of the analysis' time at which it is queued; before, the platform only gets ready.
_QUEUED_FROM = 0.20

#: Until which share of the time a poll sees what. The order is the official client's (cli/ci.py);
#: the names QUEUED and RUNNING are guesses.
_PHASES: Tuple[Tuple[float, Phase], ...] = (
    (0.10, Phase(visible=False)),
    (_QUEUED_FROM, Phase(visible=True)),
    (0.40, Phase(visible=True, state="QUEUED")),
    (1.00, Phase(visible=True, state="RUNNING")),
)
