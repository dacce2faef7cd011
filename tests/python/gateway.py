"""A real gateway in a process of its own, and a person at its pages."""

import html
import http.cookiejar
import os
import pathlib
import re
import ssl
import subprocess
import tempfile
import time
import urllib.parse
import urllib.request

PROGRAM = pathlib.Path(os.environ["COUNTERSIGN_PROGRAMS"]) / "countersign-gateway"
#: The gateway takes `COUNTERSIGN_…` for settings and refuses what it does not know.
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("COUNTERSIGN_")}
PASSWORD = "staple-horse-battery-7"


class Gateway:
    """Serves on a free port of localhost until it is closed."""

    def __init__(self, *settings):
        self._folder = tempfile.TemporaryDirectory()
        listen = ["--listen", "127.0.0.1:0", "--sample-app", "true", "--name", "Gateway of the test"]
        self._process = subprocess.Popen(
            self._command("serve", *listen, *settings),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=ENVIRONMENT,
            text=True,
        )
        line = self._process.stdout.readline()
        said = re.search(r"https://localhost:\d+", line)
        if not said:
            self.close()
            raise AssertionError(f"the gateway said {line!r}")
        self.url = said[0]

    def _command(self, *words):
        return [PROGRAM, *words, "--data", os.path.join(self._folder.name, "data")]

    def add(self, name):
        """Makes a person; the voucher."""
        done = subprocess.run(
            self._command("user", "add", name, "--password-stdin"),
            input=PASSWORD + "\n",
            capture_output=True,
            env=ENVIRONMENT,
            text=True,
            check=True,
        )
        return done.stdout.split()[-1]

    def close(self):
        self._process.terminate()
        self._process.wait(timeout=30)
        self._process.stdout.close()
        self._folder.cleanup()


class Window:
    """A browser without a screen: cookies, redirects, forms."""

    def __init__(self, gateway):
        self._url = gateway.url
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self._opener = urllib.request.build_opener(jar, urllib.request.HTTPSHandler(context=context))
        self.path = "/"
        self.page = ""

    def _take(self, request):
        with self._opener.open(request, timeout=60) as reply:
            self.page = reply.read().decode()
            self.path = urllib.parse.urlsplit(reply.url).path

    def goto(self, path):
        self._take(urllib.request.Request(self._url + path))

    def submit(self, action, **fields):
        form = re.search(rf'<form[^>]*action="{re.escape(action)}".*?</form>', self.page, re.S)
        assert form, f"no form {action} at {self.path}"
        hidden = re.findall(r'type="hidden" name="([^"]*)" value="([^"]*)"', form[0])
        fields = {name: html.unescape(value) for name, value in hidden} | fields
        body = urllib.parse.urlencode(fields).encode()
        self._take(urllib.request.Request(self._url + action, data=body, headers={"Origin": self._url}))

    def words(self, mark):
        """The text of the element that has this in its tag."""
        found = re.search(rf"<(\w+)[^>]*{mark}[^>]*>(.*?)</\1>", self.page, re.S)
        return html.unescape(re.sub(r"<[^>]*>", "", found[2])).strip() if found else None

    def until(self, path, seen):
        """Looks at a page until it shows something."""
        for _ in range(300):
            self.goto(path)
            if value := seen():
                return value
            time.sleep(0.2)
        raise AssertionError(f"{path} did not come to it: {self.page}")


def sign_in(window, name, then):
    window.goto(then)
    window.submit("/login", name=name, password=PASSWORD)
