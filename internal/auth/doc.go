// Package auth knows who may use the server, and for what: it keeps the
// accounts, users, roles, access keys and policies of a file.
//
// The file is YAML, of which JSON is a part:
//
//	accounts:
//	  - id: "111122223333"
//	    users:
//	      - name: alice
//	        keys:
//	          - id: LKIAEXAMPLE
//	            secret: at-least-16-characters
//	            session-token: ...               # optional: clients have to send it, too
//	            expires: 2027-01-31T00:00:00Z    # optional
//	        policies:                            # identity policies of IAM
//	          - Statement: [{Effect: Allow, Action: "kinesis:*", Resource: "*"}]
//	    roles:
//	      - name: reader
//	        trust: {Statement: ...}              # who may assume the role
//	        policies: [...]
//	        sessions:                            # principals that have assumed it
//	          - name: nightly
//	            assumed-by: arn:aws:iam::111122223333:user/alice
//	            keys: [...]
//
// Beside the sessions of the file there are those that callers begin themselves
// (package session): they are whom their role lets them be as the file is now, and
// nobody when it is gone.
//
// Nothing is ignored: what the file has and this package does not know is an
// error, and every error names its line. A file with a mode wider than 0600 is
// refused.
package auth
