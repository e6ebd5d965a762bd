// Package dynamodb holds the shapes of the operations of DynamoDB that are served, and
// the constraints on them, generated from operations.json as package api's own
// are from its. Lists and maps that AWS does not bound may have fewer than
// api.MaxEntries entries, so that none is passed over.
package dynamodb

//go:generate go run ../gen
