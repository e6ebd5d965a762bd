package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"strings"
	"text/template"

	"github.com/spf13/cobra"

	"leat/internal/certs"
	"leat/internal/vfs"
)

func newTLS(env environment) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "tls",
		Short: "Help clients to trust the server",
		Long: "leat serve makes a certificate authority in its data directory, and serves TLS\n" +
			"with a certificate of it on the same port as clear text. Clients have to be told\n" +
			"to trust that authority.",
		Args: exactly(0),
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(
		newTLSCommand(env, "ca", "Print the authority's certificate, as PEM", printAuthority),
		newTLSCommand(env, "help", "Print what to paste for each kind of client", printTrust),
	)
	return cmd
}

// newTLSCommand returns a command about the authority of a data directory.
func newTLSCommand(env environment, use, short string, run func(w io.Writer, dir string) error) *cobra.Command {
	var dir string
	cmd := &cobra.Command{
		Use: use, Short: short, Args: exactly(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := applyEnv(cmd.LocalFlags(), env); err != nil {
				return usage(err)
			}
			return run(cmd.OutOrStdout(), dir)
		},
	}
	defineDataDir(cmd.Flags(), &dir, "`DIR` of the server's data")
	documentEnv(cmd.Flags())
	return cmd
}

// printAuthority prints the authority's certificate.
func printAuthority(w io.Writer, dir string) (err error) {
	fsys, err := vfs.OpenOS(dir)
	if err != nil {
		return authorityError(dir, err)
	}
	defer func() { err = errors.Join(err, fsys.Close()) }()
	b, err := vfs.ReadFile(fsys, certs.AuthorityFile)
	if err != nil {
		return authorityError(dir, err)
	}
	_, err = w.Write(b)
	return err
}

func authorityError(dir string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("no TLS authority in %s: leat serve makes it when it first uses the directory", dir)
	}
	return err
}

// trust is what printTrust prints.
var trust = template.Must(template.New("trust").Parse(
	`Clients that trust this authority verify https://localhost:4567, and the hosts of
--tls-host. Its certificate, for other machines and for containers, is printed by
leat tls ca, and in

  {{.Path}}

AWS CLI, boto3, AWS SDK for Go:
  export AWS_CA_BUNDLE={{.Word}}

Node, AWS SDK for JavaScript:
  export NODE_EXTRA_CA_CERTS={{.Word}}

Python without boto3 (ssl, requests):
  export SSL_CERT_FILE={{.Word}} REQUESTS_CA_BUNDLE={{.Word}}

Go without the SDK, on Linux:
  export SSL_CERT_FILE={{.Word}}

Java, AWS SDKs for Java, KCL (the JVM then trusts nobody else):
  keytool -importcert -noprompt -alias leat -file {{.Word}} -keystore leat.jks -storepass changeit
  export JAVA_TOOL_OPTIONS="-Djavax.net.ssl.trustStore=$PWD/leat.jks -Djavax.net.ssl.trustStorePassword=changeit"

KPL, in its properties file:
  CaCertFile = {{.Property}}

KPL before 1.0, which takes a directory that openssl has prepared (and then trusts nobody else):
  mkdir leat-ca && cp {{.Word}} leat-ca/ && openssl rehash leat-ca
  echo "CaCertPath = $PWD/leat-ca" >>kpl.properties

curl:
  curl --cacert {{.Word}} https://localhost:4567/healthz
`))

// printTrust prints what to paste so that clients trust the authority, which
// need not be there yet.
func printTrust(w io.Writer, dir string) error {
	path, err := filepath.Abs(filepath.Join(dir, filepath.FromSlash(certs.AuthorityFile)))
	if err != nil {
		return err
	}
	return trust.Execute(w, struct{ Path, Word, Property string }{
		Path: path,
		Word: shellQuote(path),
		// The KPL reads its file as Java does: quotes stand for themselves.
		Property: strings.ReplaceAll(path, `\`, `\\`),
	})
}

// shellQuote returns a word of the shell that means s.
func shellQuote(s string) string {
	plain := func(r rune) bool {
		return strings.ContainsRune("/._-+:@%", r) || '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
	}
	if s != "" && strings.IndexFunc(s, func(r rune) bool { return !plain(r) }) < 0 {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
