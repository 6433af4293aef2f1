package content

import (
	"crypto/sha256"
	"encoding/hex"
)

// SandboxFlags are what a document of the author's own may do: run scripts, open windows and send forms, in an origin
// that nobody shares. It cannot reach the page, its cookies or its storage.
const SandboxFlags = "allow-scripts allow-popups allow-forms"

// Sandboxed names a document that is shown in a sandbox, by what is in it: only who was handed the message knows the name,
// and another document has another one.
func Sandboxed(document string) string {
	sum := sha256.Sum256([]byte(document))
	return hex.EncodeToString(sum[:16])
}
