// Package keyring has the master keys that wrap the data keys of streams.
//
// A Ring is what a server uses: a local one (OpenLocal) makes a key for every
// name at its first use, one of a file (OpenFile) has the keys of that file and
// no others. A master key never encrypts a record; it wraps data keys, which
// whoever encrypts with them keeps.
//
// # The file
//
// A keyring is a JSON file that its owner alone may read and write:
//
//	{
//	  "format": 1,
//	  "keys": [
//	    {
//	      "id": "1234abcd-12ab-34cd-56ef-1234567890ab",
//	      "aliases": ["alias/orders"],
//	      "disabled": true,
//	      "versions": [
//	        {"number": 1, "secret": "32 bytes in base64"},
//	        {"number": 2, "secret": "32 bytes in base64"}
//	      ]
//	    }
//	  ]
//	}
//
// The last version of a key wraps; the others only unwrap what they have
// wrapped. Numbers ascend, and a number is never used for another secret.
// "aliases" and "disabled" may be missing. Anything else is refused.
//
// The file of a local ring is keys/keyring.json in the data directory. Its keys
// have the name of their first use as their id or as their alias.
//
// # Names
//
// A key is named as in KMS: by its id, by an alias, or by the ARN of either, of
// which only the id or the alias counts. The keys of a ring are for all accounts
// and regions.
//
// # A wrapped key
//
//	byte   format, 1
//	byte   length of the id
//	bytes  id of the master key
//	u32    its version, big endian
//	12     nonce
//	32     ciphertext of AES-256-GCM
//	16     tag
//
// The additional data is what is before the nonce, and then what the caller
// binds the key to.
package keyring
