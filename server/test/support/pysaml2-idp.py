"""A SAML identity provider of pysaml2, which we did not write. Tests start it as a process of its own.

Reads one line of JSON: {"port", "key", "certificate", "person": {"name_id", "attributes"}, "sign": "assertion" | "response" | "both"}.
GET /metadata shows its metadata, POST /sp takes that of a service provider, GET /sso answers a request with the form to post.
"""
import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlparse

from saml2 import BINDING_HTTP_POST, BINDING_HTTP_REDIRECT
from saml2.authn_context import PASSWORDPROTECTEDTRANSPORT
from saml2.config import IdPConfig
from saml2.metadata import create_metadata_string
from saml2.saml import NAMEID_FORMAT_PERSISTENT, NameID
from saml2.server import Server
from saml2.xmldsig import DIGEST_SHA256, SIG_RSA_SHA256

settings = json.loads(sys.stdin.readline())
base = f"http://127.0.0.1:{settings['port']}"
config = IdPConfig().load(
    {
        "entityid": f"{base}/metadata",
        "key_file": settings["key"],
        "cert_file": settings["certificate"],
        "xmlsec_binary": "/usr/bin/xmlsec1",
        "service": {
            "idp": {
                "endpoints": {"single_sign_on_service": [(f"{base}/sso", BINDING_HTTP_REDIRECT)]},
                "want_authn_requests_signed": True,
                "name_id_format": [NAMEID_FORMAT_PERSISTENT],
                "policy": {"default": {"lifetime": {"minutes": 5}, "nameid_format": NAMEID_FORMAT_PERSISTENT}},
            }
        },
        "metadata": {"inline": []},
    }
)
server = Server(config=config)


class Handler(BaseHTTPRequestHandler):
    def answer(self, status, kind, body):
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        if self.path == "/sp":
            server.metadata.load("inline", body)
        else:
            settings["person"] = json.loads(body)
        self.answer(204, "text/plain", b"")

    def do_GET(self):
        url = urlparse(self.path)
        if url.path == "/metadata":
            return self.answer(200, "application/samlmetadata+xml", create_metadata_string(None, config=config))
        try:
            self.answer(200, "text/html; charset=utf-8", sign_in(parse_qs(url.query)))
        except Exception as problem:  # The test shows it.
            self.answer(400, "text/plain", f"{type(problem).__name__}: {problem}".encode())

    def log_message(self, *_):
        pass


def sign_in(query):
    one = lambda name: query.get(name, [None])[0]
    asked = server.parse_authn_request(
        one("SAMLRequest"),
        BINDING_HTTP_REDIRECT,
        relay_state=one("RelayState"),
        sigalg=one("SigAlg"),
        signature=one("Signature"),
    )
    person = settings["person"]
    args = server.response_args(asked.message)
    args.pop("name_id_policy", None)
    response = server.create_authn_response(
        identity=person["attributes"],
        userid=person["name_id"],
        name_id=NameID(format=NAMEID_FORMAT_PERSISTENT, text=person["name_id"]),
        authn={"class_ref": PASSWORDPROTECTEDTRANSPORT, "authn_auth": base},
        sign_response=settings["sign"] in ("response", "both"),
        sign_assertion=settings["sign"] in ("assertion", "both"),
        sign_alg=SIG_RSA_SHA256,
        digest_alg=DIGEST_SHA256,
        **args,
    )
    bound = server.apply_binding(
        BINDING_HTTP_POST, str(response), args["destination"], one("RelayState"), response=True
    )
    data = bound["data"]
    return data.encode() if isinstance(data, str) else data


if __name__ == "__main__":
    listener = ThreadingHTTPServer(("127.0.0.1", settings["port"]), Handler)
    print("ready", flush=True)
    listener.serve_forever()
