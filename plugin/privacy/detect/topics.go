package detect

import (
	"strings"
	"unicode/utf8"
)

// topics is a set of what a word speaks of: one bit for each detector, for custom detectors
// with words of their own, and for what speaks against one.
type topics uint64

const (
	aboutReference topics = 1 << (63 - iota) // an order, a parcel, an article: a number that is no person's
	aboutCode                                // some other number, which may still be that of a card
	aboutVersion                             // a release: four numbers between dots are no address
	aboutOtherDate                           // something else than a birth happened then
	aboutHost                                // who is connected: four numbers between dots are an address after all
)

const maxCustomTopics = 40

func topicOf(d detector) topics { return 1 << d }

// lexicon tells what words speak of.
type lexicon struct {
	topics  map[string]topics
	lengths [256]uint64 // by first byte in small letters: the lengths of the words, so that most are known to be none
	// unspaced has the words of scripts without spaces, by their first rune: they are looked for within a run.
	unspaced map[rune][]string
}

func newLexicon(words map[string]topics) *lexicon {
	l := &lexicon{topics: words, unspaced: map[rune][]string{}}
	for word := range words {
		if r := after(word, 0); unspaced(r) {
			l.unspaced[r] = append(l.unspaced[r], word)
		}
		l.lengths[word[0]] |= 1 << len(word)
	}
	return l
}

// mayHave says that there is a word of the first byte and the length of this one. Words in which
// letters change their length with their case pass as well.
func (l *lexicon) mayHave(word string) bool {
	c := word[0]
	if c >= utf8.RuneSelf {
		return len(word) <= maxWordBytes
	}
	if isUpper(c) {
		c |= 0x20
	}
	return len(word) <= maxWordBytes && (l.lengths[c]>>len(word)&1 == 1 || l.lengths[c]>>(len(word)-1)&1 == 1)
}

// within returns what the words speak of that are in a run of letters of a script without spaces.
func (l *lexicon) within(run string) (found topics) {
	for i, r := range run {
		for _, word := range l.unspaced[r] {
			if strings.HasPrefix(run[i:], word) {
				found |= l.topics[word]
			}
		}
	}
	return found
}

// commonLexicon has the words of all detectors but the custom ones.
var commonLexicon = newLexicon(contextWords)

// contextWords are the words that speak for a detector, in small letters, in the languages in which
// customers write most.
var contextWords = func() map[string]topics {
	words := make(map[string]topics)
	for topic, list := range map[topics]string{
		topicOf(phone): `phone telephone tel ph fon fono tfno tlf zap cell mobile mob cell cellphone call calling fax whatsapp sms text dial reach ring hotline
			telefon telefonnummer telefonisch handy handynummer mobilnummer mobil mobilfunk anrufen anruf rufnummer festnetz erreichbar erreichen rückruf
			téléphone téléphoner portable appeler appelez appelle joindre joignable numéro mobile
			teléfono telefono móvil movil celular llamar llame llámame llámeme contactar número llamada
			telefone telemóvel telemovel celular ligar ligue contato contacto
			cellulare chiamare chiamami chiamate recapito
			फोन मोबाइल नंबर कॉल دوال هاتف جوال телефон тел звоните позвоните 电话 手机 電話 携帯 전화 연락처
			telefoon telefoonnummer bellen mobiel telefonu numer zadzwoń`,
		topicOf(creditCard): `card cards credit debit visa mastercard amex maestro discover cc pan cvv cvc paid payment pay charged charge
			kreditkarte kreditkartennummer karte kartennummer bezahlt
			carte bancaire cb paiement payé
			tarjeta crédito débito pago pagado
			cartão cartao pagamento
			carta carte credito
			कार्ड карта карты 信用卡 卡号 クレジットカード`,
		topicOf(iban):  `iban account bank konto kontonummer compte cuenta conta conto bankverbindung`,
		topicOf(usSSN): `ssn ssns social security taxpayer itin`,
		topicOf(dateOfBirth): `birth birthday birthdate birthdays born dob bday
			geboren geb geburtsdatum geburtstag geburt geburtstages
			né née naissance anniversaire naquit
			nacido nacida nacimiento nací nació cumpleaños
			nascido nascida nascimento nasci nasceu aniversário
			nato nata nascita nacque compleanno
			जन्म जन्मतिथि जन्मदिन родился родилась рождения 出生 生日 生年月日 誕生日 생년월일 생일
			geboortedatum urodzony urodzona urodzenia doğum fødselsdato född syntynyt`,
		topicOf(cryptoAddress): `bitcoin btc ethereum eth wallet crypto`,
		topicOf(macAddress):    `mac lladdr hwaddr ether ethernet bssid`,
		topicOf(ukNHS):         `nhs patient`,
		topicOf(esNIF):         `dni nif nie identidad documento`,
		topicOf(brCPF):         `cpf cadastro contribuinte`,
		topicOf(inAadhaar):     `aadhaar aadhar adhaar uidai uid आधार`,
		aboutReference: `order orders ordernumber ticket invoice tracking parcel shipment article sku product serial isbn ean upc gtin barcode imei
			bestellung bestellnummer bestellnr auftrag auftragsnummer auftragsnr rechnung rechnungsnummer rechnungsnr sendung sendungsnummer sendungsnr
			paket artikel artikelnummer artikelnr seriennummer seriennr
			commande facture colis suivi pedido factura envío seguimiento encomenda fatura rastreamento rastreio artigo
			ordine fattura spedizione tracciamento articolo
			ऑर्डर चालान заказ заказа накладная 订单 订单号 注文番号 zamówienie bestelling factuur`,
		aboutCode: `reference ref case item part batch lot receipt transaction txn po rma quote model id code pn sn zip postcode
			plz postleitzahl blz vorgang vorgangsnummer vorgangsnr kundennummer kundennr vertragsnummer vertragsnr référence dossier série referencia serie referência série riferimento cep`,
		aboutOtherDate: `ordered shipped delivered arrived bought purchased paid joined since member expires expiry valid due updated created signed died
			bestellt geliefert gekauft seit gültig verstorben commandé livré acheté depuis pedido entregado comprado desde encomendado entregue
			ordinato consegnato acquistato dal`,
		aboutVersion: `version versions v ver release released build firmware section chapter sect paragraph abschnitt kapitel versión versão versione
			upgrade upgraded update updated sdk driver patch`,
		aboutHost: `from by ip ips ipv4 addr address addresses host hosts hostname login logins logged client clients server servers remote peer
			adresse serveur servidor dirección endereço indirizzo`,
	} {
		for word := range strings.FieldsSeq(list) {
			words[word] |= topic
		}
	}
	return words
}()
