// Package expression is the expression language of DynamoDB: conditions, updates,
// key conditions and projections.
//
//	condition   = condition OR condition | condition AND condition | NOT condition
//	            | "(" condition ")" | operand comparator operand
//	            | operand BETWEEN operand AND operand | operand IN "(" operand, ... ")"
//	            | function "(" operand, ... ")"
//	comparator  = "=" | "<>" | "<" | "<=" | ">" | ">="
//	operand     = path | ":value" | function "(" operand, ... ")" | "(" operand ")"
//	path        = name ("." name | "[" index "]")*
//	name        = identifier | "#name"
//	update      = (SET path "=" sum, ... | REMOVE path, ... | ADD path ":value", ...
//	            | DELETE path ":value", ...)*
//	sum         = operand | operand "+" operand | operand "-" operand | "(" sum ")"
//	projection  = path, ...
//
// AND binds tighter than OR, NOT tighter than AND. Keywords are in any case, and are
// no names in any expression; blanks are optional wherever words do not touch. The
// parser is for the whole language; what a parameter does not allow of it, such as a
// function that is none of conditions, is found in the tree.
//
// The older parameters of requests (Expected, AttributeUpdates, KeyConditions,
// QueryFilter, ScanFilter, AttributesToGet) become the same trees, so one evaluator
// serves both.
//
// All errors are ValidationExceptions with the service's words, of which the first
// in the service's order is returned.
package expression
