"""The operator's file on Windows: its directory, its owner, and who can write it."""

from __future__ import annotations

import re
import sys

#: The system, as security descriptors name it: Administrators, SYSTEM, and TrustedInstaller.
_SYSTEM = {"BA", "SY", "S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464"}
#: Rights that only read: generic read and execute, and the bits of file read, execute, list, synchronise.
_READING_WORDS = {"GR", "GX", "FR", "FX", "RC"}
_READING_BITS = 0x0012_00A9
_ACE = re.compile(r"\(([^;()]*);([^;()]*);([^;()]*);[^;()]*;[^;()]*;([^;()]*)(?:;[^()]*)?\)")


def descriptor_problem(text: str) -> str:
    """How others than the system could change a file with this security descriptor, in words, or "".

    `text` is in the security descriptor definition language (SDDL), with the owner and the access list.
    """
    owner = re.match(r"O:(S-[0-9-]+|[A-Z]{2})", text)
    if owner is None or owner[1] not in _SYSTEM:
        return "does not belong to Administrators"
    access = text.partition("D:")[2].partition("S:(")[0]
    if not access or "NO_ACCESS_CONTROL" in access:
        return "can be written by everybody"
    for kind, flags, rights, who in _ACE.findall(access):
        only_for_new = "IO" in re.findall("..", flags)
        if kind in ("A", "XA") and not only_for_new and who not in _SYSTEM and not _only_reads(rights):
            return "can be written by others than Administrators"
    return ""


def _only_reads(rights: str) -> bool:
    if rights.startswith("0x"):
        return not int(rights, 16) & ~_READING_BITS
    return set(re.findall("..", rights)) <= _READING_WORDS


if sys.platform == "win32":
    import ctypes
    from ctypes import wintypes

    _PROGRAM_DATA = (ctypes.c_byte * 16)(*b"\x82\x5d\xab\x62\xc1\xfd\xc3\x4d\xa9\xdd\x07\x0d\x1d\x49\x5d\x97")
    _FILE_OBJECT, _OWNER_AND_ACCESS, _REVISION = 1, 0x1 | 0x4, 1

    def program_data() -> str:
        """The path of the known folder ProgramData, from the system and not from a variable."""
        found = ctypes.c_wchar_p()
        failed = ctypes.windll.shell32.SHGetKnownFolderPath(
            ctypes.byref(_PROGRAM_DATA), 0, None, ctypes.byref(found)
        )
        if failed or not found.value:
            raise OSError(f"Windows does not say where programs' data is ({failed})")
        path = found.value
        ctypes.windll.ole32.CoTaskMemFree(found)
        return path

    def owner_problem(path: str) -> str:
        """How others than the system could change a file or directory, in words, or ""."""
        descriptor, text = wintypes.LPVOID(), ctypes.c_wchar_p()
        failed = ctypes.windll.advapi32.GetNamedSecurityInfoW(
            path, _FILE_OBJECT, _OWNER_AND_ACCESS, None, None, None, None, ctypes.byref(descriptor)
        )
        if failed:
            return f"does not say whose it is ({failed})"
        try:
            if not ctypes.windll.advapi32.ConvertSecurityDescriptorToStringSecurityDescriptorW(
                descriptor, _REVISION, _OWNER_AND_ACCESS, ctypes.byref(text), None
            ):
                return "does not say whose it is"
            return descriptor_problem(text.value or "")
        finally:
            ctypes.windll.kernel32.LocalFree(descriptor)
            ctypes.windll.kernel32.LocalFree(text)
