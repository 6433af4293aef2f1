var t="",o=0;function l(i){o=t===(t=location.href)?o+1:1,o<=10&&i();for(let e of document.querySelectorAll("handbill-message"))e.shadowRoot||e.remove()}export{l as swept};
