"""What a shell gives the phone: a keystore, an observer and a clock, written in Python."""

import threading

import countersign_bindings as cs
from p256 import Key


class Keystore(cs.KeystorePort):
    """Keys in memory. Remembers what its prompts showed, and can be told to say no."""

    def __init__(self):
        self._keys = {}
        self._sealed = {}
        self.prompts = []
        self.refuses = False
        self.breaks = False

    def level(self):
        return cs.Level.SOFTWARE

    def generate(self, purpose, name, cancel):
        self._keys[name] = Key()
        return self._keys[name].public

    def generate_attested(self, purpose, name, challenge, cancel):
        return cs.AttestedKey(key=self.generate(purpose, name, cancel), chain=[])

    def _key(self, name):
        if name not in self._keys:
            raise cs.ShellError.Port(cs.PortFault.KEY_GONE)
        return self._keys[name]

    def sign_approval(self, name, prompt, input, cancel):
        self.prompts.append(prompt)
        if self.breaks:
            raise RuntimeError("words that no log may hold")
        if self.refuses:
            raise cs.ShellError.Port(cs.PortFault.USER_REFUSED)
        return self._key(name).sign(input)

    def sign_proof(self, name, input):
        return self._key(name).sign(input)

    def wrap(self, guard, secret, cancel):
        handle = len(self._sealed).to_bytes(8, "big")
        self._sealed[handle] = (guard, secret)
        return handle

    def unwrap(self, guard, sealed, cancel):
        if self._sealed.get(sealed, (None,))[0] != guard:
            raise cs.ShellError.Port(cs.PortFault.FAILED)
        return self._sealed[sealed][1]

    def delete(self, name):
        self._keys.pop(name, None)

    def list(self):
        return list(self._keys)


class Observer(cs.ObserverPort):
    """Remembers what changed."""

    def __init__(self):
        self._topics = []
        self._changed = threading.Condition()

    def changed(self, topic):
        with self._changed:
            self._topics.append(topic)
            self._changed.notify_all()

    def heard(self, topic):
        """Waits for a topic; whether it came within ten seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: topic in self._topics, timeout=10)


class Clock(cs.ClockPort):
    """A clock that the test moves; none that it threw away."""

    def __init__(self, now):
        self.time = now

    def now(self):
        if self.time is None:
            raise RuntimeError("no clock")
        return self.time
