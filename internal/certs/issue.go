package certs

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"math/big"
	"time"
)

const (
	day = 24 * time.Hour
	// authorityLife is long: a new authority has to be given to all clients.
	authorityLife = 3650 * day
	// serverLife is less than the 398 and 825 days that some clients allow at
	// most.
	serverLife = 365 * day
	// renewBefore is how long before its end a server's certificate is
	// replaced.
	renewBefore = serverLife / 3
	// clockSkew is how far a client's clock may be behind.
	clockSkew = day

	// serialBits makes serial numbers of 16 bytes, positive and never twice.
	serialBits = 127
	// organization is in the names of all certificates.
	organization = "leat"

	blockCertificate = "CERTIFICATE"
	blockKey         = "PRIVATE KEY"
)

// authorityBegin is before all clocks: that of the server may be set back, and an
// authority that were not valid yet could not be replaced without its clients.
var authorityBegin = time.Date(2020, time.January, 1, 0, 0, 0, 0, time.UTC)

// newAuthority makes a certificate authority, as PEM.
func newAuthority(now time.Time) ([]byte, error) {
	serial, err := newSerial()
	if err != nil {
		return nil, err
	}
	// The name tells this authority from others, in lists of them.
	name := "leat local CA " + hex.EncodeToString(serial.Bytes()[:4])
	return create(&x509.Certificate{
		SerialNumber:          serial,
		Subject:               pkix.Name{Organization: []string{organization}, CommonName: name},
		NotBefore:             authorityBegin,
		NotAfter:              now.Add(authorityLife),
		BasicConstraintsValid: true,
		IsCA:                  true,
		MaxPathLenZero:        true,
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}, nil)
}

// issue makes a certificate for a server with these names, as PEM.
func issue(ca *tls.Certificate, names hostNames, now time.Time) ([]byte, error) {
	serial, err := newSerial()
	if err != nil {
		return nil, err
	}
	return create(&x509.Certificate{
		SerialNumber:          serial,
		Subject:               pkix.Name{Organization: []string{organization}, CommonName: "leat server"},
		NotBefore:             now.Add(-clockSkew),
		NotAfter:              now.Add(serverLife),
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageDigitalSignature,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames:              names.dns,
		IPAddresses:           names.ips,
	}, ca)
}

// newSerial returns a random number with its highest bit set, so that all have
// one length.
func newSerial() (*big.Int, error) {
	n, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), serialBits-1))
	if err != nil {
		return nil, fmt.Errorf("make a serial number: %w", err)
	}
	return n.SetBit(n, serialBits-1, 1), nil
}

// create makes a key and its certificate, signed by ca or, without one, by
// itself.
func create(template *x509.Certificate, ca *tls.Certificate) ([]byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make a key: %w", err)
	}
	parent, signer := template, any(key)
	if ca != nil {
		parent, signer = ca.Leaf, ca.PrivateKey
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	if err != nil {
		return nil, fmt.Errorf("make a certificate: %w", err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("encode a key: %w", err)
	}
	var b bytes.Buffer
	b.Write(pem.EncodeToMemory(&pem.Block{Type: blockKey, Bytes: der}))
	b.Write(certificatePEM(cert))
	return b.Bytes(), nil
}

func certificatePEM(der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: blockCertificate, Bytes: der})
}

// parsePair reads what create made.
func parsePair(b []byte) (*tls.Certificate, error) {
	pair, err := tls.X509KeyPair(b, b)
	if err != nil {
		return nil, err
	}
	return &pair, nil
}
