"""Requests as the official Python client (2.5.0) puts them on the wire.

The GraphQL operations are those of its queries/ folder, with names, variables and fragments as
there; the multipart body is laid out as its HTTP library, httpx, does. Standard library only.
"""

from __future__ import annotations

import http.client
import json
import mimetypes
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, List, Mapping, Optional, Tuple
from urllib.parse import urlsplit

SELF = "query {\n    tenant {\n        name\n    }\n    user {\n        email\n    }\n}"
PRODUCT_GROUPS = "query {\n    allProductGroups {\n        id\n        name\n    }\n}"
ANALYSIS_CONFIGURATIONS = (
    "query {\n    allAnalysisConfigurations {\n        id\n        name\n    }\n}")

CREATE_FIRMWARE_UPLOAD = """mutation CreateFirmwareUpload(
  $firmware: FirmwareUploadMetadataInput!
  $vendorName: String!
  $productName: String!
  $productCategory: String
  $productGroupID: ID!
) {
  createFirmwareUpload(
    input: {
      firmware: $firmware
      product: { name: $productName, category: $productCategory, vendor: $vendorName }
      productGroup: { id: $productGroupID }
    }
  ) {
    ... on FirmwareUploadMetadata {
      id
      uploadUrl
    }
    ... on MutationError {
      count
      errors {
        message
        code
        ... on ValidationError {
          fieldPath
        }
      }
    }
  }
}
"""

LATEST_ANALYSIS_STATE = """query GetFirmwareLatestAnalysisState($id: ID!) {
  firmware(id: $id) {
    name
    latestAnalysis {
      state
      result
    }
  }
}
"""

LATEST_RESULTS = """query GetFimrwareLatestResult($id: ID!){
  firmware(id: $id) {
    latestIssues (filter: {elf: false}){
      __typename
      id
      severity
      type
      file {
        path
      }
    }

    cveMatches {
      component {
        name
        version
      }
      cve {
        id
        description
        severity
      }
    }

  }
}
"""

SAME_PRODUCT_FIRMWARES = """query GetSameProductFirmwares(
  $id: ID!
  $firmwareCount: Int!){
  firmware(id: $id) {
    product {
      firmwareTimeline(count: $firmwareCount) {
        firmware {
          id
        }
      }
    }
  }
}
"""

COMPARE_FIRMWARE = """query CompareFirmware($base: ID!, $other: ID!){
  compareFirmwareAnalyses (base: $base, other: $other) {
    issues {
      new {
        __typename
        id
        severity
        type
        file {
          path
        }
      }
      dropped {
        __typename
        id
        severity
        type
        file {
          path
        }
      }
    }

    cveEntries {
      new {
        id
        description
        severity
      }
      dropped {
        id
      }
    }
  }
}
"""


@dataclass(frozen=True)
class Reply:
    """A received answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class OfficialClient:
    """Sends what the official client sends, and hands back what came, whatever it is."""

    def __init__(self, url: str, token: Optional[str], timeout: float = 20.0) -> None:
        parts = urlsplit(url)
        self._address = (parts.hostname or "", parts.port or 80)
        self._base = parts.path
        self._token = token
        self._timeout = timeout

    def request(self, method: str, path: str, body: Optional[bytes] = None,
                headers: Optional[Mapping[str, str]] = None) -> Reply:
        """One request on a connection of its own; `path` is relative to the base, as in httpx."""
        connection = http.client.HTTPConnection(*self._address, timeout=self._timeout)
        try:
            sent = dict(headers or {})
            if self._token is not None:
                sent["Authorization"] = "Bearer " + self._token
            connection.request(method, self._base + path, body, sent)
            answer = connection.getresponse()
            return Reply(answer.status, dict(answer.getheaders()), answer.read())
        finally:
            connection.close()

    def graphql(self, query: str, variables: Optional[Mapping[str, Any]] = None) -> Reply:
        body = json.dumps({"query": query, "variables": variables}).encode()
        return self.request("POST", "/graphql", body, {"Content-Type": "application/json"})

    def query(self, query: str, variables: Optional[Mapping[str, Any]] = None) -> Dict[str, Any]:
        """The data of a query that is to succeed."""
        reply = self.graphql(query, variables)
        assert reply.status == 200, reply
        value = reply.json()
        assert "errors" not in value, value["errors"]
        return dict(value["data"])

    def ids(self, query: str) -> Dict[str, str]:
        """{name: id} of PRODUCT_GROUPS or ANALYSIS_CONFIGURATIONS."""
        (items,) = self.query(query).values()
        return {item["name"]: item["id"] for item in items}

    def register(self, name: str = "ACME-Router-1.0", product: str = "Router",
                 group: Optional[str] = None, **firmware: Any) -> Dict[str, Any]:
        """createFirmwareUpload with explicit nulls for what is not set, as the client does."""
        fields = {
            "name": name, "version": None, "releaseDate": None, "notes": None,
            "enableMonitoring": False,
            "analysisConfigurationId": self.ids(ANALYSIS_CONFIGURATIONS)["Default"], **firmware,
        }
        data = self.query(CREATE_FIRMWARE_UPLOAD, {
            "firmware": fields, "vendorName": "ACME", "productName": product,
            "productCategory": None,
            "productGroupID": group or self.ids(PRODUCT_GROUPS)["Default"],
        })
        return dict(data["createFirmwareUpload"])

    def send(self, upload_url: str, content: bytes, filename: str = "upload",
             sbom: Optional[bytes] = None) -> Reply:
        """The upload itself."""
        files = [("firmware", filename, content)]
        if sbom is not None:
            files.append(("sbom", "bom.json", sbom))
        content_type, body = multipart(files)
        return self.request("POST", upload_url, body, {"Content-Type": content_type})

    def upload(self, content: bytes, sbom: Optional[bytes] = None, **register: Any) -> str:
        """Register and send; the firmware ID."""
        reply = self.send(self.register(**register)["uploadUrl"], content, "image.bin", sbom)
        assert reply.status == 200, reply
        return str(reply.json()["id"])


def multipart(files: List[Tuple[str, str, bytes]]) -> Tuple[str, bytes]:
    """Content type and body, as httpx encodes `files`."""
    boundary = secrets.token_hex(16)
    body = b""
    for name, filename, content in files:
        kind = mimetypes.guess_type(Path(filename).name)[0] or "application/octet-stream"
        head = (f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"; '
                f'filename="{filename}"\r\nContent-Type: {kind}\r\n\r\n')
        body += head.encode() + content + b"\r\n"
    return f"multipart/form-data; boundary={boundary}", body + f"--{boundary}--\r\n".encode()
