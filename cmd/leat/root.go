package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
)

// usageError is an error in what the user typed.
type usageError struct{ err error }

func (e *usageError) Error() string { return e.err.Error() }

func (e *usageError) Unwrap() error { return e.err }

// usage marks an error as the user's; nil stays nil.
func usage(err error) error {
	if err == nil {
		return nil
	}
	return &usageError{err}
}

func newRoot(ctx context.Context, env environment) *cobra.Command {
	root := &cobra.Command{
		Use:           "leat",
		Short:         "A streaming server that speaks the Amazon Kinesis Data Streams API",
		SilenceErrors: true,
		SilenceUsage:  true,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usage(fmt.Errorf("unknown command %q (leat --help lists them)", args[0]))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usage(err) })
	root.AddCommand(newServe(ctx, env), newCheck(), newAuth(env), newTLS(env), newKeyring(), newVersion())
	return root
}

// exactly is an argument rule whose failure is the user's.
func exactly(n int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) == n {
			return nil
		}
		return usage(fmt.Errorf("%s takes %d arguments, not %d", cmd.CommandPath(), n, len(args)))
	}
}
