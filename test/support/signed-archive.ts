// An archive of no packages, and the public key of who signed it in 2020. The private key is lost.
export const PUBLIC_KEY = `-----BEGIN PGP PUBLIC KEY BLOCK-----

mDMEXgvhABYJKwYBBAHaRw8BAQdAhGIGgDCDy+qhlMvViJol4ELQsXN5BQ0txlhl
7O9loLe0InRlc3QgYXJjaGl2ZSA8YXJjaGl2ZUBleGFtcGxlLmNvbT6IkAQTFggA
OBYhBDOtUy+5xU6iQ7jILh70QWW65wydBQJeC+EAAhsDBQsJCAcCBhUKCQgLAgQW
AgMBAh4BAheAAAoJEB70QWW65wydVU8BAKV3LtOQ56p+HaAgGD616rC5vmMcoyj1
78zAuIqiGr9uAQCdsqVLKL+9qq+1Nni9ZUXiY/vxAV/+ZJ6Rv/hEONKOAA==
=Uat5
-----END PGP PUBLIC KEY BLOCK-----
`;

export const IN_RELEASE = `-----BEGIN PGP SIGNED MESSAGE-----
Hash: SHA512

Origin: test
Suite: test
Codename: test
Date: Wed, 01 Jan 2020 00:00:00 UTC
Architectures: all
Components: main
Description: an empty archive
SHA256:
 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 0 Packages
-----BEGIN PGP SIGNATURE-----

iHUEARYKAB0WIQQzrVMvucVOokO4yC4e9EFluucMnQUCXgvhAAAKCRAe9EFluucM
nauxAP9paVAwEasKqibTg76PNohkxSWLJbHVDDR/Z4LQjIUhbwD9FyznC9Q2fSKU
ZvZtE7HmzdpvNOdxfmMI/h9xbi055wQ=
=1qhe
-----END PGP SIGNATURE-----
`;
