"""The shared libraries of Lambda's images for Python 3.12 and later.

They are based on the minimal container image of Amazon Linux 2023 (AL2023 user guide, "Using AL2023 in AWS Lambda").
Its packages are listed in "Comparing packages installed on Amazon Linux 2023 Minimal AMI and Container Images" of the
same guide, column "Minimal Container"; read on 2026-11-29. What is in neither table here is not known.
"""

# By package, the names that its shared libraries have for a program (DT_SONAME).
_PACKAGES = {
    "audit-libs": "libaudit.so.1 libauparse.so.0",
    "bzip2-libs": "libbz2.so.1",
    "file-libs": "libmagic.so.1",
    "glib2": "libgio-2.0.so.0 libglib-2.0.so.0 libgmodule-2.0.so.0 libgobject-2.0.so.0 libgthread-2.0.so.0",
    "glibc": (
        "ld-linux-aarch64.so.1 ld-linux-x86-64.so.2 libanl.so.1 libBrokenLocale.so.1 libc.so.6 libdl.so.2 libm.so.6 "
        "libmvec.so.1 libnss_dns.so.2 libnss_files.so.2 libpthread.so.0 libresolv.so.2 librt.so.1 libthread_db.so.1 "
        "libutil.so.1"
    ),
    "gmp": "libgmp.so.10",
    "json-c": "libjson-c.so.5",
    "keyutils-libs": "libkeyutils.so.1",
    "krb5-libs": "libgssapi_krb5.so.2 libk5crypto.so.3 libkrb5.so.3 libkrb5support.so.0",
    "libacl": "libacl.so.1",
    "libarchive": "libarchive.so.13",
    "libassuan": "libassuan.so.0",
    "libattr": "libattr.so.1",
    "libblkid": "libblkid.so.1",
    "libcap": "libcap.so.2",
    "libcap-ng": "libcap-ng.so.0",
    "libcom_err": "libcom_err.so.2",
    "libcurl-minimal": "libcurl.so.4",
    "libffi": "libffi.so.8",
    "libgcc": "libgcc_s.so.1",
    "libgcrypt": "libgcrypt.so.20",
    "libgpg-error": "libgpg-error.so.0",
    "libidn2": "libidn2.so.0",
    "libmount": "libmount.so.1",
    "libnghttp2": "libnghttp2.so.14",
    "libpsl": "libpsl.so.5",
    "libselinux": "libselinux.so.1",
    "libsepol": "libsepol.so.2",
    "libsmartcols": "libsmartcols.so.1",
    "libstdc++": "libstdc++.so.6",
    "libtasn1": "libtasn1.so.6",
    "libunistring": "libunistring.so.2",
    "libuuid": "libuuid.so.1",
    "libverto": "libverto.so.1",
    "libxml2": "libxml2.so.2",
    "libyaml": "libyaml-0.so.2",
    "libzstd": "libzstd.so.1",
    "lz4-libs": "liblz4.so.1",
    "mpfr": "libmpfr.so.6",
    "ncurses-libs": "libncurses.so.6 libncursesw.so.6 libtinfo.so.6",
    "openssl-libs": "libcrypto.so.3 libssl.so.3",
    "p11-kit": "libp11-kit.so.0",
    "pcre2": "libpcre2-8.so.0",
    "popt": "libpopt.so.0",
    "readline": "libhistory.so.8 libreadline.so.8",
    "sqlite-libs": "libsqlite3.so.0",
    "xz-libs": "liblzma.so.5",
    "zlib": "libz.so.1",
}
PRESENT = frozenset({"linux-vdso.so.1", *(name for names in _PACKAGES.values() for name in names.split())})

# Libraries whose package the image does not have, with this package of Amazon Linux 2023 (release notes, its packages).
ELSEWHERE = {
    "libEGL.so.1": "libglvnd-egl", "libGL.so.1": "libglvnd-glx", "libICE.so.6": "libICE", "libSM.so.6": "libSM",
    "libX11.so.6": "libX11", "libXext.so.6": "libXext", "libXrender.so.1": "libXrender", "libaio.so.1": "libaio",
    "libatomic.so.1": "libatomic", "libcrypt.so.2": "libxcrypt", "libexpat.so.1": "expat",
    "libfontconfig.so.1": "fontconfig", "libfreetype.so.6": "freetype", "libgdbm.so.6": "gdbm-libs",
    "libgfortran.so.5": "libgfortran", "libgnutls.so.30": "gnutls", "libgomp.so.1": "libgomp",
    "libjpeg.so.62": "libjpeg-turbo", "libltdl.so.7": "libtool-ltdl", "libmariadb.so.3": "mariadb-connector-c",
    "libnuma.so.1": "numactl-libs", "libodbc.so.2": "unixODBC", "libpam.so.0": "pam", "libpng16.so.16": "libpng",
    "libpq.so.5": "libpq", "libquadmath.so.0": "libquadmath", "libsystemd.so.0": "systemd-libs",
    "libxslt.so.1": "libxslt",
}  # fmt: skip
