package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"leat/internal/auth"
	"leat/internal/policy"
)

func newAuth(env environment) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "auth",
		Short: "Make access keys and explain who may do what",
		Long: "leat serve --auth FILE lets those use the server whom the file names, for what\n" +
			"its policies allow.",
		Args: exactly(0),
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newNewKey(), newExplain(env))
	return cmd
}

func newNewKey() *cobra.Command {
	return &cobra.Command{
		Use:   "new-key",
		Short: "Print a new access key, to be pasted below keys of the auth file",
		Args:  exactly(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			id, secret := auth.NewKey()
			_, err := fmt.Fprintf(cmd.OutOrStdout(), "- id: %s\n  secret: %s\n", id, secret)
			return err
		},
	}
}

// question is what explain is asked.
type question struct {
	file, key, action, resource, region, sourceIP string
	secure                                        bool
	context                                       conditionKeys
}

func newExplain(env environment) *cobra.Command {
	var q question
	cmd := &cobra.Command{
		Use:   "explain",
		Short: "Say which statement decides what a key may do",
		Long: "Say whether the policies of the auth file let a key perform an action on a\n" +
			"resource, and which statement decides. The exit code is 1 if they do not.\n" +
			"The actions are those of all services. Of the policies of resources, the trust\n" +
			"policies of the file's roles are looked at; those of streams, and tags, are kept\n" +
			"with the streams and not looked at.",
		Args: exactly(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := applyEnv(cmd.LocalFlags(), env); err != nil {
				return usage(err)
			}
			for _, required := range []struct{ name, value string }{
				{"auth", q.file}, {"key", q.key}, {"action", q.action}, {"resource", q.resource},
			} {
				if required.value == "" {
					return usage(fmt.Errorf("--%s is missing", required.name))
				}
			}
			return explain(cmd.OutOrStdout(), &q)
		},
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVar(&q.file, "auth", "", "`FILE` that says who may do what")
	flags.StringVar(&q.key, "key", "", "`ID` of the access key")
	flags.StringVar(&q.action, "action", "", "`ACTION`, such as kinesis:PutRecord")
	flags.StringVar(&q.resource, "resource", "", "`ARN` of the resource, or * where an action has none")
	flags.StringVar(&q.region, "region", "", "`REGION` that the request is for, by default the resource's")
	flags.StringVar(&q.sourceIP, "source-ip", "127.0.0.1", "`IP` that the request comes from")
	flags.BoolVar(&q.secure, "secure-transport", false, "the request comes over TLS")
	flags.Var(&q.context, "context", "value of a service's condition key, such as sts:ExternalId=x; repeatable")
	documentEnv(flags)
	return cmd
}

// placeOf returns the region and the account of an ARN, "" where it has none.
func placeOf(arn string) (region, account string) {
	if parts := strings.SplitN(arn, ":", 6); len(parts) == 6 {
		return parts[3], parts[4]
	}
	return "", ""
}

// trustOf returns what decides about the assuming of a role beside the policies
// of who wants to.
func trustOf(d *auth.Directory, q *question) policy.Policies {
	if !strings.EqualFold(q.action, "sts:AssumeRole") {
		return policy.Policies{}
	}
	if role, ok := d.Role(q.resource); ok {
		return policy.Policies{Resource: role.Trust, ResourceDecides: true}
	}
	return policy.Policies{ResourceDecides: true}
}

// errDenied is the answer of explain that is not yes.
var errDenied = errors.New("the request would be denied")

func explain(w io.Writer, q *question) error {
	ip, err := netip.ParseAddr(q.sourceIP)
	if err != nil {
		return usage(fmt.Errorf("--source-ip: %w", err))
	}
	d, err := auth.Load(q.file)
	if err != nil {
		return err
	}
	k, ok := d.Key(q.key)
	if !ok {
		return fmt.Errorf("%s has no key %s", q.file, q.key)
	}
	if strings.EqualFold(q.action, "sts:GetCallerIdentity") {
		_, err := fmt.Fprintf(w, "%s: %s on %s is allowed to everybody who signs\n", k.Principal.ARN, q.action, q.resource)
		return err
	}
	region, account := placeOf(q.resource)
	decision := k.Principal.Decide(policy.Request{
		Action: q.action, Resource: q.resource, ResourceAccount: account, Region: cmp.Or(q.region, region),
		SourceIP: ip, SecureTransport: q.secure, Time: time.Now(), Context: q.context,
	}, trustOf(d, q))
	if _, err := fmt.Fprintf(w, "%s: %s on %s is %s\n", k.Principal.ARN, q.action, q.resource, decision); err != nil {
		return err
	}
	if !decision.Allowed() {
		return errDenied
	}
	return nil
}
