"""The one place that uses paramiko: sessions, known hosts and keys."""
