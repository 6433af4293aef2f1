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

func TestALanguageIsUnderstoodInTheFormOfAnotherRegion(t *testing.T) {
	for _, test := range []struct {
		name      string
		locales   []string
		languages []string
		want      string
	}{
		{"a language without its region", []string{"en", "pt-BR"}, []string{"pt"}, "pt-BR"},
		{"another region", []string{"en", "pt-BR"}, []string{"pt-PT,pt;q=0.9,en;q=0.8"}, "pt-BR"},
		{"the language itself before its region", []string{"en", "pt-BR", "pt"}, []string{"pt"}, "pt"},
		{"the region where most live", []string{"en", "pt-AO", "pt-BR", "pt-PT"}, []string{"pt"}, "pt-BR"},
		{"none of the regions where most live", []string{"en", "pt-AO", "pt-PT"}, []string{"pt"}, "pt-AO"},
		{"a script that the region says", []string{"en", "zh-TW", "zh-CN"}, []string{"zh"}, "zh-CN"},
		{"a script that the language says", []string{"en", "zh-Hant", "zh-Hans"}, []string{"zh"}, "zh-Hans"},
		{"a script for its region", []string{"en", "zh-Hans", "zh-Hant"}, []string{"zh-HK,zh;q=0.9"}, "zh-Hant"},
		{"a region for its script", []string{"en", "zh-CN", "zh-TW"}, []string{"zh-Hant"}, "zh-TW"},
		{"another script, which few read", []string{"en", "zh-TW"}, []string{"zh-CN,en;q=0.5"}, "en"},
		{"a better one that comes later", []string{"en", "pt-BR", "de"}, []string{"de,pt;q=0.9"}, "de"},
		{"the workspace's own before another region", []string{"en-GB", "en-US"}, []string{"en-AU"}, "en-GB"},
		{"the workspace's own before the one where most live", []string{"en-GB", "en-US"}, []string{"en"}, "en-GB"},
		{"a workspace's own in another script", []string{"zh-Hant", "zh-Hans"}, []string{"zh-CN"}, "zh-Hans"},
		{"the trait", []string{"en", "pt-BR"}, []string{"pt", "en"}, "pt-BR"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var translations []Translation
			for _, locale := range test.locales {
				translations = append(translations, Translation{Locale: locale, Template: &Template{Steps: []StepTemplate{{Name: "a", Title: &Text{plain: locale}}}}})
			}
			l, err := Localize(translations)
			if err != nil {
				t.Fatal(err)
			}
			if got := l.In(test.languages).Locale(); got != test.want {
				t.Errorf("%q of %q: got %s, want %s", test.languages, test.locales, got, test.want)
			}
		})
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
