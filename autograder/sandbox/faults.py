"""The faults of the student's code, as a check meets them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from autograder.core.errors import GradlabError
from autograder.core.message import Message, joined
from autograder.core.notebooks import CellStarts, describe_line
from autograder.core.report import Cause

Cells = Mapping[str, CellStarts]  # by module: "knn.py" -> the cells of knn.ipynb
UNREADABLE = "Python cannot read this: {reason}"  # as submissions/notebook.py says it
MAX_KINDS = 50  # classes that one exception inherits from


class StudentFault(GradlabError):
    """A call of the student's code did not return a value. Costs the check's points."""

    def __init__(
        self, cause: Cause, message: str, hint: str = "", *, kinds: Sequence[str] = (), text: str = ""
    ) -> None:
        super().__init__(message)
        self.cause, self.message, self.hint = cause, message, hint
        self.kinds = tuple(kinds)  # of an exception: the names of its class and of those that it inherits from
        self.text = text  # of an exception: what it says


class WithoutLength(StudentFault, TypeError):
    """An object of the student has no length; Python asks for one where it can do without."""


_NO_DEVICE = (
    "This machine does not have that device. Create tensors on the device of your inputs, such as x.device, or ask "
    "torch.cuda.is_available() first."
)
_NO_COMPILER = "torch.compile needs a compiler, which graded code cannot start. Call the function itself."
_HINTS = {  # by a part of the exception
    "Torch not compiled with CUDA": _NO_DEVICE,
    "Found no NVIDIA driver": _NO_DEVICE,
    "No CUDA GPUs are available": _NO_DEVICE,
    "on a CUDA device but torch.cuda.is_available() is False": _NO_DEVICE,
    "not linked with support for mps": _NO_DEVICE,
    "InductorError": _NO_COMPILER,
    "BackendCompilerFailed": _NO_COMPILER,
}
_CAUSES = {"memory": Cause.MEMORY, "not written": Cause.NOT_WRITTEN, "not loaded": Cause.NOT_LOADED}


def fault_of(table: dict[str, Any], cells: Cells) -> StudentFault:
    """Return the fault that an answer describes. The student's process wrote it, so its strings are cut here."""
    kinds = {"cause": str, "type": str, "message": str, "frames": list, "not_run": list, "kinds": list}
    if any(type(table.get(key)) is not kind for key, kind in kinds.items()):
        return unexpected_message()
    cause = _CAUSES.get(table["cause"], Cause.ERROR)
    frames = [frame for frame in table["frames"][:12] if _is_frame(frame)]
    name, text = table["type"][:100], table["message"][:1000]
    if cause is Cause.NOT_WRITTEN and frames:
        return StudentFault(
            cause, Message("{name} is not written yet ({place}).", name=frames[-1][2], place=_place(frames[-1], cells))
        )
    lines = [": ".join(part for part in (name, text) if part)]
    lines += [_frame_line(frame, cells) for frame in frames]
    parts = [table["not_run"][start : start + 3] for start in (0, 3)]
    parts = [part for part in parts if [type(value) for value in part] == [str, int, str]]
    if parts and not name:
        lines = [Message("{name} could not be loaded, because the code that defines it did not run.", name=text)]
    for file, line, reason in parts:
        place = _place([file, line, "", ""], cells)
        lines.append(Message("  {place} did not run: {reason}.", place=place, reason=_reason(reason[:300].rstrip("."))))
    hint = next((hint for part, hint in _HINTS.items() if part in lines[0]), "")
    hint = "Your code used more memory than this check allows." if cause is Cause.MEMORY else hint
    known = [kind[:100] for kind in table["kinds"][:MAX_KINDS] if type(kind) is str]
    return StudentFault(cause, joined("\n", lines), hint, kinds=known, text=text)


def unexpected_message() -> StudentFault:
    """Return the fault of a process whose answer has another form than ours."""
    return StudentFault(Cause.CRASHED, "The process that runs your code sent an unexpected message.")


def _is_frame(frame: Any) -> bool:
    return type(frame) is list and [type(part) for part in frame] == [str, int, str, str]


def _reason(text: str) -> str:
    """Return why code did not run, which the box says as plain text, so that it can be translated."""
    known = UNREADABLE.format(reason="")
    return Message(UNREADABLE, reason=text.removeprefix(known)) if text.startswith(known) else text


def _frame_line(frame: list[Any], cells: Cells) -> str:
    code = frame[3][:200]
    place = _place(frame, cells)
    return Message("  {place}: {code}", place=place, code=code) if code else Message("  {place}", place=place)


def _place(frame: list[Any], cells: Cells) -> str:
    file, line, function, _ = frame
    place = describe_line(cells.get(file, ()), line, file=file[:100])
    if function in ("", "<module>"):
        return place
    return Message("{place}, in {name}", place=place, name=function[:100])
