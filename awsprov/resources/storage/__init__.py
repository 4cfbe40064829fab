"""EFS: file system, mount targets, access points, file system policy."""
