// Package certs has the certificates that the server shows to clients that
// speak TLS: of an authority of its own (Local), or from files of the user's
// (Files).
//
// # The local authority
//
// It is made when a data directory is used for the first time, and lives there:
//
//	tls/ca-key.pem   the authority: its private key and its certificate
//	tls/ca.pem       its certificate alone, which clients are given
//	tls/server.pem   the server's private key and certificate
//
// All are PEM, keys in PKCS #8, on the curve P-256, which Java 8, OpenSSL, Node
// and Go know. Whoever has ca-key.pem can pose as any host to the clients that
// trust ca.pem, so it never leaves the directory, where this user alone can
// read it. Each file is written whole and durably; ca-key.pem is the only one
// that cannot be made again, and one that is damaged is for the user to decide
// upon.
//
// The server's certificate is for localhost, 127.0.0.1, ::1 and the hosts of
// LocalOptions. A new one is made when a third of its year is left or when the
// hosts have changed. The authority lives ten years, and is followed by a new
// one when it can no longer sign for a whole year.
package certs
