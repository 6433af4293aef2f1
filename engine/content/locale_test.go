package content

import (
	"testing"
)

func TestTheLanguageIsChosenByWhatTheVisitorReads(t *testing.T) {
	var translations []Translation
	for _, locale := range []string{"en", "de", "pt", "pt-BR", "zh-Hant", "ar"} {
		translations = append(translations, Translation{Locale: locale, Template: &Template{Steps: []StepTemplate{{Name: "a", Title: &Text{plain: locale}}}}})
	}
	l, err := Localize(translations)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name      string
		languages []string
		want      string
	}{
		{"nothing is known", nil, "en"},
		{"one language", []string{"de"}, "de"},
		{"a region of it", []string{"de-AT"}, "de"},
		{"a region of its own", []string{"pt-BR"}, "pt-BR"},
		{"another region", []string{"pt-AO"}, "pt"},
		{"a script", []string{"zh-Hant-HK"}, "zh-Hant"},
		{"a script that nobody wrote", []string{"zh-Hans"}, "en"},
		{"capitals and an underscore", []string{"PT_br"}, "pt-BR"},
		{"a list as browsers send it", []string{"fr-FR,fr;q=0.9,de;q=0.8,en;q=0.7"}, "de"},
		{"a list that is not in order", []string{"en;q=0.2, ar;q=0.9"}, "ar"},
		{"a language refused", []string{"de;q=0, pt;q=0.5"}, "pt"},
		{"the workspace's own comes first", []string{"en-US,en;q=0.9,de;q=0.8"}, "en"},
		{"the trait before the browser", []string{"ar", "de"}, "ar"},
		{"a trait that is no language", []string{"Deutsch!!", "de"}, "de"},
		{"anything", []string{"*"}, "en"},
		{"none that there is", []string{"ja, ko"}, "en"},
		{"not a list", []string{";;q=,,"}, "en"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := l.In(test.languages).Locale(); got != test.want {
				t.Errorf("%q: got %s, want %s", test.languages, got, test.want)
			}
		})
	}
	for locale, want := range map[string]string{"en": "ltr", "ar": "rtl"} {
		made := l.In([]string{locale}).Same()
		if made == nil || made.Lang != locale || made.Dir != want || made.Steps[0].Title != locale {
			t.Errorf("%s: %+v", locale, made)
		}
	}
	if l.Static() != nil {
		t.Error("a message in several languages is the same for everybody")
	}
}

func TestALanguageWithoutATagHasNone(t *testing.T) {
	l, err := Localize([]Translation{{Template: &Template{Steps: []StepTemplate{{Name: "a", Title: &Text{plain: "A"}}}}}})
	if err != nil || l.Static() == nil || l.Static().Lang != "" || l.Static().Dir != "" {
		t.Errorf("%+v (%v)", l, err)
	}
}

func TestLocalesAreTags(t *testing.T) {
	for locale, want := range map[string]string{"de": "de", "pt-br": "pt-BR", "zh-hant": "zh-Hant", "german": "", "": "", "de_DE": "", "und": "", "x y": ""} {
		got, err := CheckLocale(locale)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q: got %q (%v), want %q", locale, got, err, want)
		}
	}
	for locale, want := range map[string]string{"de": "ltr", "he": "rtl", "fa-IR": "rtl", "ur": "rtl", "az-Arab": "rtl", "ckb": "rtl", "ru": "ltr"} {
		if got := direction(locale); got != want {
			t.Errorf("%s is written %s", locale, got)
		}
	}
}
