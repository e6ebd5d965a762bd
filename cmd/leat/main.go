// Command leat is a streaming server that speaks the Amazon Kinesis Data
// Streams API.
//
//	leat serve      serves streams until it is told to stop
//	leat check DIR  verifies a data directory
//	leat auth       makes access keys and explains who may do what
//	leat tls        helps clients to trust the server
//	leat keyring    changes the file with the keys of encrypted streams
//	leat version    says which leat this is
//
// It turns flags and environment variables into a server.Config and knows no
// more than that. It exits with 0 when all went well, with 2 when it does not
// understand what it was told, and with 1 for everything else.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

func main() {
	os.Exit(run(context.Background(), os.Args[1:], os.Stdout, os.Stderr, os.LookupEnv))
}

const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2
)

// environment looks up an environment variable, as os.LookupEnv does.
type environment func(name string) (value string, ok bool)

// run is the program without the process. What goes wrong is one line on
// stderr.
func run(ctx context.Context, args []string, stdout, stderr io.Writer, env environment) int {
	cmd := newRoot(ctx, env)
	cmd.SetArgs(args)
	cmd.SetOut(stdout)
	cmd.SetErr(stderr)
	err := cmd.Execute()
	if err == nil {
		return exitOK
	}
	// Joined errors are one line, too. One that cannot be written has nowhere
	// else to go.
	_, _ = fmt.Fprintf(stderr, "leat: %s\n", strings.ReplaceAll(err.Error(), "\n", "; "))
	if _, ok := errors.AsType[*usageError](err); ok {
		return exitUsage
	}
	return exitFailed
}
