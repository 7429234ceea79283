//! The words that come with the program.

use super::LANGUAGES;

/// The words of an event: title and body for each of [`LANGUAGES`].
pub(super) struct Words {
    pub(super) event: &'static str,
    pub(super) texts: [(&'static str, &'static str); LANGUAGES.len()],
}

const fn words(
    event: &'static str,
    english: (&'static str, &'static str),
    swahili: (&'static str, &'static str),
) -> Words {
    Words { event, texts: [english, swahili] }
}

pub(super) const WORDS: &[Words] = &[
    words(
        "order.placed",
        ("Order {{ code }}", "Order {{ code }} of {{ totalWithTax | money(currency) }} has been placed."),
        ("Agizo {{ code }}", "Agizo {{ code }} la {{ totalWithTax | money(currency) }} limepokelewa."),
    ),
    words(
        "order.payment_settled",
        (
            "Order {{ code }} is paid",
            "Order {{ code }} of {{ totalWithTax | money(currency) }} is paid in full.",
        ),
        (
            "Agizo {{ code }} limelipwa",
            "Agizo {{ code }} la {{ totalWithTax | money(currency) }} limelipwa lote.",
        ),
    ),
    words(
        "order.shipped",
        ("Order {{ code }} is on its way", "Order {{ code }} has been handed over for delivery."),
        ("Agizo {{ code }} liko njiani", "Agizo {{ code }} limetumwa."),
    ),
    words(
        "order.fulfilled",
        ("Order {{ code }} is delivered", "Order {{ code }} has been delivered."),
        ("Agizo {{ code }} limefika", "Agizo {{ code }} limekabidhiwa."),
    ),
    words(
        "order.cancelled",
        (
            "Order {{ code }} is cancelled",
            "Order {{ code }} of {{ totalWithTax | money(currency) }} has been cancelled.",
        ),
        (
            "Agizo {{ code }} limeghairiwa",
            "Agizo {{ code }} la {{ totalWithTax | money(currency) }} limeghairiwa.",
        ),
    ),
    words(
        "order.state_changed",
        ("Order {{ code }}", "Order {{ code }} went from {{ from }} to {{ to }}."),
        ("Agizo {{ code }}", "Agizo {{ code }} limetoka {{ from }} hadi {{ to }}."),
    ),
    words(
        "payment.confirmed",
        (
            "Payment received",
            "{{ amount | money(currency) }} for order {{ code }} has arrived by {{ method }}.",
        ),
        (
            "Malipo yamepokelewa",
            "{{ amount | money(currency) }} ya agizo {{ code }} yamefika kwa {{ method }}.",
        ),
    ),
    words(
        "payment.state_changed",
        (
            "Payment of order {{ code }}",
            "A payment of {{ amount | money(currency) }} for order {{ code }} is {{ to }}.",
        ),
        (
            "Malipo ya agizo {{ code }}",
            "Malipo ya {{ amount | money(currency) }} ya agizo {{ code }} ni {{ to }}.",
        ),
    ),
    words(
        "payment.in_review",
        ("A payment needs a look", "Payment {{ paymentId }}: {{ reason }}"),
        ("Malipo yanahitaji kuangaliwa", "Malipo {{ paymentId }}: {{ reason }}"),
    ),
    words(
        "refund.settled",
        ("Money back", "{{ amount | money(currency) }} of order {{ code }} has been given back."),
        ("Fedha zimerudishwa", "{{ amount | money(currency) }} ya agizo {{ code }} imerudishwa."),
    ),
    words(
        "refund.state_changed",
        (
            "Refund of order {{ code }}",
            "A refund of {{ amount | money(currency) }} of order {{ code }} is {{ to }}.",
        ),
        (
            "Marejesho ya agizo {{ code }}",
            "Marejesho ya {{ amount | money(currency) }} ya agizo {{ code }} ni {{ to }}.",
        ),
    ),
    words(
        "customer.credit_approved",
        (
            "You may buy on account",
            "You may buy for up to {{ limit | money(currency) }} and pay each order within {{ durationDays }} days.",
        ),
        (
            "Unaweza kununua kwa mkopo",
            "Unaweza kununua hadi {{ limit | money(currency) }} na kulipa kila agizo ndani ya siku {{ durationDays }}.",
        ),
    ),
    words(
        "customer.balance_changed",
        (
            "Your account",
            "You owe {{ outstanding | money(currency) }}{% if deposit %}, and have {{ deposit | money(currency) }} \
             with the shop{% endif %}.",
        ),
        (
            "Akaunti yako",
            "Unadaiwa {{ outstanding | money(currency) }}{% if deposit %}, na una {{ deposit | money(currency) }} \
             kwenye duka{% endif %}.",
        ),
    ),
    words(
        "credit.reminder_due",
        (
            "{% if partyType == 'supplier' %}To be paid to a supplier{% else %}A payment is due{% endif %}",
            "{{ outstanding | money(currency) }} is unpaid{% if overdueDays > 0 %}, {{ overdueDays }} days late\
             {% endif %}; the limit is {{ limit | money(currency) }}.",
        ),
        (
            "{% if partyType == 'supplier' %}Malipo kwa msambazaji{% else %}Malipo yanasubiriwa{% endif %}",
            "{{ outstanding | money(currency) }} haijalipwa{% if overdueDays > 0 %}, imechelewa siku \
             {{ overdueDays }}{% endif %}; kikomo ni {{ limit | money(currency) }}.",
        ),
    ),
    words(
        "credit.sale_refused",
        (
            "A sale on account was refused",
            "{{ amount | money(currency) }} could not be sold on account: {{ reason }}.",
        ),
        ("Mauzo ya mkopo yamekataliwa", "{{ amount | money(currency) }} haikuuzwa kwa mkopo: {{ reason }}."),
    ),
    words(
        "plugin.uploaded",
        ("A plugin was uploaded", "Version {{ versionId }} of plugin {{ pluginId }}, {{ digest }}."),
        (
            "Programu-jalizi imepakiwa",
            "Toleo {{ versionId }} la programu-jalizi {{ pluginId }}, {{ digest }}.",
        ),
    ),
    words(
        "plugin.bound",
        ("A plugin is in use", "Version {{ versionId }} of plugin {{ pluginId }} was put to use."),
        (
            "Programu-jalizi inatumika",
            "Toleo {{ versionId }} la programu-jalizi {{ pluginId }} limeanza kutumika.",
        ),
    ),
    words(
        "plugin.binding_updated",
        ("A plugin's use was changed", "Plugin {{ pluginId }} is used as version {{ versionId }}."),
        (
            "Matumizi ya programu-jalizi yamebadilika",
            "Programu-jalizi {{ pluginId }} inatumika kama toleo {{ versionId }}.",
        ),
    ),
    words(
        "plugin.rolled_back",
        ("A plugin was rolled back", "Plugin {{ pluginId }} is back at version {{ versionId }}."),
        ("Programu-jalizi imerudishwa", "Programu-jalizi {{ pluginId }} imerudi toleo {{ versionId }}."),
    ),
    words(
        "plugin.unbound",
        ("A plugin is not used any more", "Plugin {{ pluginId }} was taken out of use."),
        ("Programu-jalizi haitumiki tena", "Programu-jalizi {{ pluginId }} imeondolewa kwenye matumizi."),
    ),
    words(
        "customer.created",
        ("Welcome", "Welcome, {{ firstName }}: you are now a customer of ours."),
        ("Karibu", "Karibu {{ firstName }}, sasa wewe ni mteja wetu."),
    ),
    words(
        "stock.low",
        ("Stock is low", "{{ units }} units are left of variant {{ variantId }}."),
        ("Bidhaa zinakwisha", "Zimebaki {{ units }} za aina {{ variantId }}."),
    ),
    words(
        "channel.approved",
        ("Your shop is open", "The shop {{ code }} may serve customers from now on."),
        ("Duka lako limefunguliwa", "Duka {{ code }} sasa linaweza kuhudumia wateja."),
    ),
    words(
        "channel.status_changed",
        ("Your shop is {{ to }}", "The shop {{ code }} went from {{ from }} to {{ to }}."),
        ("Duka lako ni {{ to }}", "Duka {{ code }} limetoka {{ from }} hadi {{ to }}."),
    ),
    words(
        "administrator.created",
        ("A new administrator", "Administrator {{ administratorId }} can log in."),
        ("Msimamizi mpya", "Msimamizi {{ administratorId }} anaweza kuingia."),
    ),
    words(
        "administrator.updated",
        ("An administrator was changed", "Administrator {{ administratorId }} was changed."),
        ("Msimamizi amebadilishwa", "Msimamizi {{ administratorId }} amebadilishwa."),
    ),
    words(
        "user.created",
        ("A new account", "User {{ userId }} can log in."),
        ("Akaunti mpya", "Mtumiaji {{ userId }} anaweza kuingia."),
    ),
    words(
        "user.updated",
        ("An account was changed", "User {{ userId }} logs in by another name."),
        ("Akaunti imebadilishwa", "Mtumiaji {{ userId }} anaingia kwa jina lingine."),
    ),
    words(
        "user.login_code_sent",
        ("A code to log in was sent", "User {{ userId }} was sent a code to log in with."),
        ("Nambari ya kuingia imetumwa", "Mtumiaji {{ userId }} ametumiwa nambari ya kuingia."),
    ),
];
