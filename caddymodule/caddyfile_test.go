package caddymodule

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// site is a Caddyfile whose site has one directive, on line 6.
func site(directive string) string {
	return "{\n\thandbill {\n\t\tworkspace shop ./shop.toml\n\t}\n}\n:8080 { # site\n" + directive + "\nfile_server\n}\n"
}

// global is a Caddyfile with one global option, from line 2 on.
func global(option string) string {
	return "{\n" + option + "\n}\n:8080 {\n\thandbill\n\tfile_server\n}\n"
}

func TestMistakesInACaddyfileNameTheLineAndWhatIsAllowed(t *testing.T) {
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "messages.toml"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		caddyfile string
		want      []string
	}{
		"an unknown word in a site": {
			site("handbill {\n\tanonymus on\n}"),
			[]string{`"anonymus" is unknown in the directive handbill`, "allowed: anonymous, ask_encoding,", "Caddyfile:8"},
		},
		"an unknown word, without those that come later": {
			site("handbill {\n\tconsentt on\n}"),
			[]string{"client, consent, consent_cookie, consent_signals, cookie, country, csp, debug_header, error_pages, global_name, identity, match", "Caddyfile:8"},
		},
		"a word given twice": {
			site("handbill {\n\tprefix /_a\n\tprefix /_b\n}"),
			[]string{"prefix is given twice, first on line 8", "Caddyfile:9"},
		},
		"a word without its value": {
			site("handbill {\n\tprefix\n}"),
			[]string{"prefix needs a value, such as: prefix /_handbill", "Caddyfile:8"},
		},
		"a word with two values": {
			site("handbill {\n\tsite_id shop web\n}"),
			[]string{`"web" is one too many`, "Caddyfile:8"},
		},
		"a value that is not one of the choices": {
			site("handbill {\n\tsnippet internal\n}"),
			[]string{`snippet cannot be "internal"; allowed: external, inline, shim, off`, "Caddyfile:8"},
		},
		"a switch that is neither on nor off": {
			site("handbill {\n\tanonymous true\n}"),
			[]string{`anonymous cannot be "true"; allowed: on, off`, "Caddyfile:8"},
		},
		"a block where none belongs": {
			site("handbill {\n\tanonymous on {\n\t\tprefix /_a\n\t}\n}"),
			[]string{"a block cannot stand here", "Caddyfile:8"},
		},
		"a prefix that ends in a slash": {
			site("handbill {\n\tprefix /_handbill/\n}"),
			[]string{`"/_handbill/" cannot be the endpoint's prefix`, "such as /_handbill", "Caddyfile:8"},
		},
		"a prefix that is the whole site": {
			site("handbill {\n\tprefix /\n}"),
			[]string{`"/" cannot be the endpoint's prefix`, "Caddyfile:8"},
		},
		"an origin with a path": {
			site("handbill {\n\torigin https://shop.example.com/\n}"),
			[]string{"is not an origin", "Caddyfile:8"},
		},
		"a global name that is no JavaScript name": {
			site("handbill {\n\tglobal_name my-analytics\n}"),
			[]string{"cannot be the name of a global object", "Caddyfile:8"},
		},
		"a global name that the browser has": {
			site("handbill {\n\tglobal_name location\n}"),
			[]string{`"location" cannot be the name of a global object, for pages need what has it already; use another, such as cioanalytics`, "Caddyfile:8"},
		},
		"a write key with a slash": {
			site("handbill {\n\twrite_key shop/web\n}"),
			[]string{`"shop/web" cannot be used; use 1 to 64 letters, digits, '.', '-' and '_'`, "Caddyfile:8"},
		},
		"a site id with a blank": {
			site("handbill {\n\tsite_id \"my shop\"\n}"),
			[]string{`"my shop" cannot be used`, "Caddyfile:8"},
		},
		"a cookie with an unknown word": {
			site("handbill {\n\tcookie {\n\t\tpath /shop\n\t}\n}"),
			[]string{`"path" is unknown in cookie; allowed: domain, max_age, name`, "Caddyfile:9"},
		},
		"a cookie without a block": {
			site("handbill {\n\tcookie visitor\n}"),
			[]string{`cookie takes a block, not "visitor"`, "Caddyfile:8"},
		},
		"a cookie for no time at all": {
			site("handbill {\n\tcookie {\n\t\tmax_age 0s\n\t}\n}"),
			[]string{"too short", "Caddyfile:9"},
		},
		"a time span without a unit": {
			site("handbill {\n\tcookie {\n\t\tmax_age 30\n\t}\n}"),
			[]string{`"30" is not a time span`, "Caddyfile:9"},
		},
		"skip without a matcher": {
			site("handbill {\n\tskip\n}"),
			[]string{"skip needs a matcher", "Caddyfile:8"},
		},
		"skip with a word that is no matcher": {
			site("handbill {\n\tskip wp-admin\n}"),
			[]string{`"wp-admin" is not a matcher`, "Caddyfile:8"},
		},
		"skip with a matcher that nobody defined": {
			site("handbill {\n\tskip @admin\n}"),
			[]string{"unrecognized matcher name: @admin", "Caddyfile:8"},
		},
		"skip that leaves nothing": {
			site("handbill {\n\tskip *\n}"),
			[]string{"snippet off", "Caddyfile:8"},
		},
		"match without a condition": {
			site("handbill {\n\tmatch {\n\t}\n}"),
			[]string{"match needs a condition; allowed: header, status", "Caddyfile:9"},
		},
		"an identity of nobody": {
			site("handbill {\n\tidentity\n}"),
			[]string{"identity needs a value, such as: identity signed", "Caddyfile:8"},
		},
		"an identity that does not exist": {
			site("handbill {\n\tidentity believed\n}"),
			[]string{`identity cannot be "believed"; allowed: unsigned, signed`, "Caddyfile:8"},
		},
		"an identity that comes later": {
			site("handbill {\n\tidentity edge\n}"),
			[]string{"identity edge comes with a later version", "Caddyfile:8"},
		},
		"signed by nothing": {
			site("handbill {\n\tidentity signed\n}"),
			[]string{"identity signed on line 8 needs what proves a user id; write: identity signed { secret {env.HANDBILL_SECRET} }"},
		},
		"signed by an empty block": {
			site("handbill {\n\tidentity signed {\n\t\tleeway 30s\n\t}\n}"),
			[]string{"identity signed on line 8 needs what proves a user id"},
		},
		"unsigned with a block": {
			site("handbill {\n\tidentity unsigned {\n\t\tsecret x\n\t}\n}"),
			[]string{"identity unsigned takes no block", "Caddyfile:9"},
		},
		"a secret that is not there": {
			site("handbill {\n\tidentity signed {\n\t\tsecret\n\t}\n}"),
			[]string{"secret needs a value, such as: secret {env.HANDBILL_SECRET}", "Caddyfile:9"},
		},
		"a secret that could be guessed": {
			site("handbill {\n\tidentity signed {\n\t\tsecret letmein\n\t}\n}"),
			[]string{"secret has 7 characters, so that it could be guessed; use 32 or more, made with: openssl rand -hex 32", "Caddyfile:9"},
		},
		"an empty secret": {
			site("handbill {\n\tidentity signed {\n\t\tsecret \"\"\n\t}\n}"),
			[]string{"secret is empty", "openssl rand -hex 32", "Caddyfile:9"},
		},
		"three secrets": {
			site("handbill {\n\tidentity signed {\n\t\tsecret {env.A} {env.B} {env.C}\n\t}\n}"),
			[]string{"secret takes the new secret and the one that it takes the place of, and 3 are given", "Caddyfile:9"},
		},
		"a public key without its file": {
			site("handbill {\n\tidentity signed {\n\t\tpublic_key\n\t}\n}"),
			[]string{"public_key needs a file, such as: public_key /etc/caddy/shop.pem", "Caddyfile:9"},
		},
		"a public key with too much": {
			site("handbill {\n\tidentity signed {\n\t\tpublic_key a.pem a b\n\t}\n}"),
			[]string{`public_key takes a file and the kid of its key, and "b" is one too many`, "Caddyfile:9"},
		},
		"nobody for audience": {
			site("handbill {\n\tidentity signed {\n\t\taudience\n\t}\n}"),
			[]string{"audience needs a value, such as: audience handbill", "Caddyfile:9"},
		},
		"clocks of two days": {
			site("handbill {\n\tidentity signed {\n\t\tleeway 1h\n\t}\n}"),
			[]string{"1h0m0s cannot be the leeway of clocks; use more than 0s and at most 10m", "Caddyfile:9"},
		},
		"a session of a second": {
			site("handbill {\n\tidentity signed {\n\t\tsession 1s\n\t}\n}"),
			[]string{"1s is too short for a session; use 1m or more", "Caddyfile:9"},
		},
		"a word that identity signed has not": {
			site("handbill {\n\tidentity signed {\n\t\tkey x\n\t}\n}"),
			[]string{`"key" is unknown in identity signed; allowed: audience, issuer, leeway, public_key, secret, server_secret, session`, "Caddyfile:9"},
		},
		"a country from nowhere": {
			site("handbill {\n\tcountry\n}"),
			[]string{"country needs to know where it is from; allowed: header, maxmind", "Caddyfile:8"},
		},
		"a country from something else": {
			site("handbill {\n\tcountry ip2location /db\n}"),
			[]string{`country cannot come from "ip2location"; allowed: header, maxmind`, "Caddyfile:8"},
		},
		"a country without a header": {
			site("handbill {\n\tcountry header\n}"),
			[]string{"country header needs a value, such as: country header CF-IPCountry", "Caddyfile:8"},
		},
		"a country with a header that cannot be": {
			site("handbill {\n\tcountry header CF:Country\n}"),
			[]string{`"CF:Country" cannot be a header's name`, "Caddyfile:8"},
		},
		"a country with two files": {
			site("handbill {\n\tcountry maxmind a.mmdb b.mmdb\n}"),
			[]string{`country maxmind takes one value, and "b.mmdb" is one too many`, "Caddyfile:8"},
		},
		"a word of the surface that comes later": {
			site("handbill {\n\tidentify {http.auth.user.id}\n}"),
			[]string{"identify comes with a later version of Handbill", "Caddyfile:8"},
		},
		"no consent": {
			site("handbill {\n\tconsent\n}"),
			[]string{"consent needs a value, such as: consent persistent", "Caddyfile:8"},
		},
		"a consent that does not exist": {
			site("handbill {\n\tconsent session\n}"),
			[]string{`consent cannot be "session"; allowed: persistent, visit, none`, "Caddyfile:8"},
		},
		"a consent cookie without its value": {
			site("handbill {\n\tconsent_cookie cookie_ok\n}"),
			[]string{"consent_cookie takes a cookie's name and the value", "such as: consent_cookie cookie_ok yes", "Caddyfile:8"},
		},
		"a consent cookie that no cookie can be called": {
			site("handbill {\n\tconsent_cookie cookie=ok yes\n}"),
			[]string{`consent_cookie cannot be called "cookie=ok"`, "Caddyfile:8"},
		},
		"a consent cookie with a value that no cookie has": {
			site("handbill {\n\tconsent_cookie cookie_ok \"yes, all\"\n}"),
			[]string{`consent_cookie cannot have the value "yes, all"`, "as it stands in document.cookie", "Caddyfile:8"},
		},
		"a consent cookie that would change nothing": {
			site("handbill {\n\tconsent_cookie cookie_ok yes\n\tconsent none\n}"),
			[]string{"consent none keeps nothing whatever a cookie says", "Caddyfile:9"},
		},
		"no signals": {
			site("handbill {\n\tconsent_signals\n}"),
			[]string{"consent_signals needs what browsers say; allowed: gpc, dnt", "Caddyfile:8"},
		},
		"a signal that does not exist": {
			site("handbill {\n\tconsent_signals gpc p3p\n}"),
			[]string{`consent_signals cannot be "p3p"; allowed: gpc, dnt`, "Caddyfile:8"},
		},
		"no client": {
			site("handbill {\n\tclient\n}"),
			[]string{"client needs a value, such as: client builtin", "Caddyfile:8"},
		},
		"a client that does not exist": {
			site("handbill {\n\tclient hosted\n}"),
			[]string{`client cannot be "hosted"; allowed: builtin, reference`, "Caddyfile:8"},
		},
		"our own client with a folder": {
			site("handbill {\n\tclient builtin ./umd\n}"),
			[]string{`client builtin takes nothing more, and "./umd" is one too many`, "Caddyfile:8"},
		},
		"the reference client without its folder": {
			site("handbill {\n\tclient reference\n}"),
			[]string{"client reference needs the folder of the published bundle, such as: client reference /srv/node_modules/@customerio/cdp-analytics-browser/dist/umd", "Caddyfile:8"},
		},
		"the reference client with two folders": {
			site("handbill {\n\tclient reference ./a ./b\n}"),
			[]string{`client reference takes one folder, and "./b" is one too many`, "Caddyfile:8"},
		},
		"the console, which comes later": {
			site("handbill_console"),
			[]string{"handbill_console comes with a later version", "Caddyfile:7"},
		},
		"a workspace's file in a site": {
			site("handbill ./messages.toml"),
			[]string{"./messages.toml is a workspace's file", "global options", "{ handbill ./messages.toml }", "Caddyfile:7"},
		},
		"a workspace's file in a site, where it would be a path matcher": {
			site("handbill /etc/caddy/messages.toml"),
			[]string{"/etc/caddy/messages.toml is a workspace's file", "global options", "Caddyfile:7"},
		},
		"a workspace's folder in a site, where it would be a path matcher": {
			site("handbill " + folder),
			[]string{folder + " is a workspace's file", "global options", "Caddyfile:7"},
		},
		"a workspace that nobody defined": {
			site("handbill docs"),
			[]string{`there is no workspace "docs"; the global option handbill defines: shop`, "Caddyfile:7"},
		},
		"the workspace before the matcher": {
			site("handbill shop /cart/*"),
			[]string{"write: handbill /cart/* shop", "Caddyfile:7"},
		},
		"too many names in a site": {
			site("handbill shop docs"),
			[]string{`"docs" is one too many`, "Caddyfile:7"},
		},
		"a site without any workspace": {
			":8080 {\n\thandbill\n}\n",
			[]string{"no workspace is configured", "{ handbill ./messages.toml }", "Caddyfile:2"},
		},
		"several workspaces, and a site that names none": {
			"{\n\thandbill {\n\t\tworkspace shop ./shop\n\t\tworkspace docs ./docs\n\t}\n}\n:8080 {\n\thandbill\n}\n",
			[]string{"a site must name its own: docs, shop", "Caddyfile:8"},
		},
		"an unknown word in the global option": {
			global("handbill {\n\tworkspaces ./messages\n}"),
			[]string{`"workspaces" is unknown in the global option handbill`, "allowed: cache_size, poll_fast,", "Caddyfile:3"},
		},
		"a site's word in the global option": {
			global("handbill ./messages {\n\tprefix /_messages\n}"),
			[]string{`"prefix" is unknown in the global option handbill`, "Caddyfile:3"},
		},
		"no workspace at all": {
			global("handbill"),
			[]string{"handbill needs a workspace; write: handbill ./messages.toml", "Caddyfile:2"},
		},
		"two paths in the short form": {
			global("handbill ./shop ./docs"),
			[]string{`"./docs" is one too many`, "Caddyfile:2"},
		},
		"the global option twice": {
			global("handbill ./shop\nhandbill ./docs"),
			[]string{"the global option handbill is given twice", "Caddyfile:3"},
		},
		"a workspace twice": {
			global("handbill ./shop {\n\tworkspace ./docs\n}"),
			[]string{"workspace default is given twice", "Caddyfile:3"},
		},
		"a workspace without a path": {
			global("handbill {\n\tworkspace\n}"),
			[]string{"workspace needs a path", "Caddyfile:3"},
		},
		"a workspace with a name that cannot be one": {
			global("handbill {\n\tworkspace Shop/Web ./shop\n}"),
			[]string{`"Shop/Web" cannot be a workspace's name`, "Caddyfile:3"},
		},
		"a workspace with an empty block": {
			global("handbill {\n\tworkspace shop {\n\t}\n}"),
			[]string{"workspace shop needs a source", "Caddyfile:4"},
		},
		"a Redis without a URL": {
			global("handbill ./shop {\n\tstore redis\n}"),
			[]string{"a store in Redis needs a URL; write redis://localhost:6379", "Caddyfile:3"},
		},
		"a Redis without a scheme": {
			global("handbill ./shop {\n\tstore redis localhost:6379\n}"),
			[]string{`"localhost:6379" is not a URL of Redis; write redis://localhost:6379`, "Caddyfile:3"},
		},
		"two Redis that are not one": {
			global("handbill ./shop {\n\tstore redis redis://a:6379 rediss://b:6379\n}"),
			[]string{`"rediss://b:6379" differs from "redis://a:6379" in more than the host`, "Caddyfile:3"},
		},
		"a Redis with an unknown word": {
			global("handbill ./shop {\n\tstore redis redis://localhost {\n\t\tprefix shop\n\t}\n}"),
			[]string{`"prefix" is unknown in store redis; allowed: journal, journal_size, log`, "Caddyfile:4"},
		},
		"an unknown store": {
			global("handbill ./shop {\n\tstore sqlite\n}"),
			[]string{`store "sqlite" is unknown; allowed: bbolt, memory, redis`, "Caddyfile:3"},
		},
		"a store with a block": {
			global("handbill ./shop {\n\tstore memory {\n\t\tsize 3\n\t}\n}"),
			[]string{"store memory takes no block", "Caddyfile:4"},
		},
		"a stream that is neither on nor off": {
			global("handbill {\n\tstream yes\n}"),
			[]string{`stream cannot be "yes"; allowed: on, off`, "Caddyfile:3"},
		},
		"a stream without its value": {
			global("handbill {\n\tstream\n}"),
			[]string{"stream needs a value, such as: stream on", "Caddyfile:3"},
		},
		"a limit of streams that is no number": {
			global("handbill {\n\tstream on many\n}"),
			[]string{`"many" is not a number of streams; write it as: stream on 5000`, "Caddyfile:3"},
		},
		"a limit of streams that is too small": {
			global("handbill {\n\tstream on 3\n}"),
			[]string{"3 cannot be the most streams at once; use 10 to 1000000", "Caddyfile:3"},
		},
		"a limit of streams that are off": {
			global("handbill {\n\tstream off 100\n}"),
			[]string{`"100" is one too many; write it as: stream on 5000`, "Caddyfile:3"},
		},
		"a cache that is too small": {
			global("handbill ./shop {\n\tcache_size 64\n}"),
			[]string{"64 bytes are too few", "Caddyfile:3"},
		},
		"a cache that is no size": {
			global("handbill ./shop {\n\tcache_size large\n}"),
			[]string{`"large" is not a size; write it as 64MiB`, "Caddyfile:3"},
		},
		"polls that come too fast": {
			global("handbill ./shop {\n\tpoll_fast 10ms\n}"),
			[]string{"10ms is too short", "Caddyfile:3"},
		},
		"a retention that forgets everybody": {
			global("handbill ./shop {\n\tretention 1h\n}"),
			[]string{"1h0m0s is too short to remember a visitor", "Caddyfile:3"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			config, err := adapt(test.caddyfile)
			if err == nil {
				t.Fatalf("adapted without an error:\n%s", config)
			}
			for _, want := range test.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("the error does not say %q:\n%v", want, err)
				}
			}
		})
	}
}
