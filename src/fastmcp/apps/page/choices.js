// A question, and a button for each answer; the one that is pressed goes into the conversation.

start('choices', ({ title, text, details, options, stacked }) => {
  const answer = el('div', { className: stacked ? 'buttons stacked' : 'buttons' });
  const buttons = options.map(({ label, variant, message }) =>
    el(
      'button',
      { type: 'button', className: variant, on: { click: () => choose(message) } },
      label,
    ),
  );
  const choose = async (message) => {
    for (const button of buttons) button.disabled = true;
    try {
      await say(message);
      fill(answer, note('Response sent.'));
    } catch (error) {
      for (const button of buttons) button.disabled = false;
      fill(answer, failure(`It could not be sent: ${error.message}`), buttons);
    }
  };
  fill(answer, buttons);
  fill(
    stage,
    el('h1', {}, title),
    el('p', {}, text),
    details ? el('p', { className: 'note' }, details) : [],
    answer,
  );
});
