package main

import (
	"strings"
	"testing"

	"github.com/evanw/esbuild/pkg/api"
)

func TestVariablesAreNamedAnewInEachScope(t *testing.T) {
	for name, test := range map[string]struct{ script, want string }{
		"arguments in their order":        {`(()=>{function f(a,b){return b(a,a)}go(f)})();`, `(()=>{function e(e,t){return t(e,e)}go(e)})();`},
		"what is used from outside stays": {`(()=>{let a=1;go(b=>a+b,c=>c)})();`, `(()=>{let e=1;go(t=>e+t,e=>e)})();`},
		"what nobody declares stays":      {`(()=>{go(b=>b+e+t)})();`, `go(n=>n+e+t);`},
		"properties stay":                 {`go(({name:a,size:{all:b}})=>({name:a,one:"a",two:a.all,all:` + "`a${b}`" + `}));`, `go(({name:e,size:{all:t}})=>({name:e,one:"a",two:e.all,all:` + "`a${t}`" + `}));`},
		"what others see stays":           {`let given;(()=>{function f(){}given=f})();`, `let given;(()=>{function e(){}given=e})();`},
	} {
		t.Run(name, func(t *testing.T) {
			if got, err := rename([]byte(test.script), api.ES2022); err != nil || string(got) != test.want {
				t.Errorf("%s becomes %s, error %v; want %s", test.script, got, err, test.want)
			}
		})
	}
}

func TestAnotherScriptIsNotTakenForTheSame(t *testing.T) {
	const script = `(()=>{let a=1,b=2;go(c=>c+a,d=>d+b,e=>e+b)})();`
	for _, other := range []string{strings.Replace(script, "d+b", "d+a", 1), strings.Replace(script, "2", "3", 1), strings.Replace(script, "go(", "stop(", 1) + "go(1)"} {
		if sameScript([]byte(script), []byte(other), api.ES2022) == nil {
			t.Errorf("%s counts as %s", other, script)
		}
	}
}
