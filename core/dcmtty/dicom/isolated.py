"""Compressed frames decoded in a helper process, so that a damaged file can end that process and never this one."""

from __future__ import annotations

import atexit
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from dcmtty.dicom.decoder_process import read_message, write_message
from dcmtty.dicom.pixelfile import StoredArray

DECODE_SECONDS = 60.0
"""A frame that takes longer is given up."""
_ROOT = str(Path(__file__).resolve().parents[2])
_PROGRAM = "import sys; sys.path.insert(0, sys.argv[1]); from dcmtty.dicom.decoder_process import main; main()"


class DecoderEnded(RuntimeError):
    """The helper process ended or was given up while it decoded; another one is started for the next frame."""


class IsolatedDecoder:
    """One helper process at a time, started when it is first needed; calls from several threads wait for each other."""

    def __init__(self, seconds: float = DECODE_SECONDS) -> None:
        self._seconds = seconds
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def decode(self, syntax: str, options: Mapping[str, Any], codestream: bytes) -> tuple[StoredArray, str]:
        """Decode one frame; return its values and its photometric interpretation after decoding.

        Raises:
            DecoderEnded: the frame ended the helper process, or took too long.
            ValueError: no decoder reads the frame.
        """
        with self._lock:
            answer = self._ask(syntax, options, codestream)
        if answer is None:
            raise DecoderEnded("the decoder gave up")
        head, body = answer
        if "error" in head:
            raise ValueError(head["error"])
        array: StoredArray = np.frombuffer(body, dtype=np.dtype(head["dtype"])).reshape(head["shape"])
        return array, str(head["photometric"])

    def _ask(self, syntax: str, options: Mapping[str, Any], codestream: bytes) -> tuple[dict[str, Any], bytes] | None:
        process = self._running()
        if process.stdin is None or process.stdout is None:
            raise DecoderEnded("the decoder has no pipes")
        alarm = threading.Timer(self._seconds, process.kill)
        alarm.daemon = True
        alarm.start()
        try:
            write_message(process.stdin, {"syntax": syntax, "options": dict(options)}, codestream)
            answer = read_message(process.stdout)
        except OSError:
            answer = None
        finally:
            alarm.cancel()
        if answer is None:
            self._end()
        return answer

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self._end()
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-c", _PROGRAM, _ROOT],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        return self._process

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                try:
                    stream.close()
                except OSError:
                    continue
        process.wait()

    def close(self) -> None:
        """End the helper process; it starts again when it is needed."""
        with self._lock:
            self._end()


decoder = IsolatedDecoder()
"""The one that the library uses."""
atexit.register(decoder.close)
