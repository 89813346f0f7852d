// Files that are dropped, or chosen, and sent to the server one after the other.

const coded = (file) =>
  new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result.slice(reader.result.indexOf(',') + 1));
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(file);
  });

start('upload', (data) => {
  const stored = el('ul', { ariaLabel: 'Files on the server' });
  const outcome = el('div', { ariaLive: 'polite' });
  const chooser = el('input', {
    type: 'file',
    multiple: true,
    ariaLabel: data.drop_label,
    on: { change: () => send(chooser.files) },
  });
  const drop = el(
    'div',
    { className: 'drop' },
    el('p', {}, data.drop_label),
    chooser,
    el('p', { className: 'hint' }, data.limit_text),
  );
  const list = (files) =>
    fill(
      stored,
      files.map((file) =>
        el(
          'li',
          {},
          el('span', {}, file.name),
          el('span', { className: 'note' }, file.size_display ?? ''),
        ),
      ),
    );

  async function send(files) {
    const failed = [];
    for (const file of [...files]) {
      fill(outcome, note(`Sending ${file.name} …`));
      try {
        if (file.size > data.max_file_size) throw new Error(data.limit_text);
        const whole = {
          name: file.name,
          size: file.size,
          type: file.type || 'application/octet-stream',
          data: await coded(file),
        };
        const result = await call(named(data.store, data), { files: [whole] });
        list(result.structuredContent.result);
      } catch (error) {
        failed.push(failure(`${file.name}: ${error.message}`));
      }
    }
    chooser.value = '';
    fill(outcome, failed.length ? failed : note('Uploaded.'));
  }
  drop.addEventListener('dragover', (event) => {
    event.preventDefault();
    drop.classList.add('over');
  });
  drop.addEventListener('dragleave', () => drop.classList.remove('over'));
  drop.addEventListener('drop', (event) => {
    event.preventDefault();
    drop.classList.remove('over');
    send(event.dataTransfer.files);
  });
  list(data.files);
  fill(
    stage,
    el('h1', {}, data.title),
    el('p', { className: 'note' }, data.description),
    drop,
    outcome,
    stored,
  );
});
