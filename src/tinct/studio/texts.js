// Every word that the studio says. To translate it, translate this file; what effects say of themselves comes from the server.

const plural = (count, one, many) => (count === 1 ? one : many.replace("#", String(count)));

/** Seconds in words. */
export function left(seconds) {
  if (seconds < 5) return "a few seconds left";
  if (seconds < 90) return `about ${Math.round(seconds / 5) * 5} s left`;
  return `about ${Math.round(seconds / 60)} min left`;
}

/** "smooth_scan" and "Smooth Scan" as "Smooth scan". */
export function sentence(text) {
  const words = text.replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1).toLowerCase();
}

const clock = (seconds) => `${Math.floor(seconds / 60)}:${(Math.floor((seconds % 60) * 100) / 100).toFixed(2).padStart(5, "0")}`;

const megabytes = (count) => `${(count / 1e6).toFixed(count < 1e7 ? 1 : 0)} MB`;

export const T = {
  name: "Tinct",
  close: "Close",
  save: "Save",
  nav: { tools: "Tools", history: "History", signOut: "Sign out", theme: "Switch between light and dark", docs: "API", skip: "Skip to the photo", kinds: { photo: "Photos", nothing: "From words", clip: "Clips" } },
  offline: "The server does not answer. Trying again; nothing is lost.",
  credits: (count) => plural(count, "1 credit left", "# credits left"),
  price: (count) => plural(count, "1 credit", "# credits"),

  signin: {
    title: "Sign in",
    why: "Paste an API key of this server once. This browser then keeps a session; the key itself is not kept.",
    key: "API key",
    go: "Sign in",
    where: "The server shows a key at its first start. For another: tinct keys create --data DIR --name NAME",
    ended: "The session has ended. Sign in to go on; everything is still here.",
  },

  drop: {
    here: "Drop photos here",
    one: "Drop a photo here",
    some: "Drop photos here",
    choose: { photo: "Choose photos", clip: "Choose clips", nothing: "Choose photos" },
    chooseOne: "Choose a photo",
    folder: "Choose a folder",
    paste: "Or paste with Ctrl V.",
    own: "Photos go to your own server and nowhere else.",
    anywhere: "Drop to add",
  },

  error: {
    internal: "The server failed. Try again.",
    unanswered: "The server does not answer.",
    tooLarge: (size, most) => `The file has ${megabytes(size)}; this server takes up to ${megabytes(most)}. Send a smaller one.`,
    notSent: "It was not sent before the page was closed. Add it again.",
    empty: "The file is empty.",
    unseen: {
      yet: "This browser cannot show this format. A picture of it comes from the server as soon as the file is there.",
      never: "Neither this browser nor the server can show it. A tool may still work on it, and says so if not.",
    },
    noEffect: "This server has no such tool.",
    failed: "Something in this page failed. Reload it; nothing is lost.",
  },

  stage: {
    view: "Photo. Plus and minus zoom, 0 fits, 1 shows real pixels, arrow keys move, C compares, L is the loupe.",
    before: "Before",
    after: "After",
    result: "Result",
    split: "Divider between before and after",
    splitAt: (share) => `${share} % before, ${100 - share} % after`,
    hold: "Hold to compare",
    tools: "View",
    fit: "Fit to the window (0)",
    actual: "Real pixels (1)",
    zoomIn: "Zoom in",
    full: "Fill the screen (F)",
    loupe: "Loupe (L)",
  },

  clip: {
    view: "Clip. Space plays and stops, comma and full stop step by a frame, J and L by five seconds, arrow keys move the divider, S lays both side by side, C compares, M is the sound.",
    tools: "Playing",
    play: "Play",
    pause: "Pause",
    seek: "Place in the clip",
    sound: "Sound (M)",
    beside: "Side by side (S)",
    back: "A frame back (,)",
    on: "A frame on (.)",
    try: "Try on this frame",
    trying: (at) => `The frame at ${clock(at)} is being worked on…`,
    triedAt: (at) => `What the frame at ${clock(at)} would become. The whole clip is judged by more than one frame, so it may differ a little.`,
    mapped: "The look on the frame that is seen; people are kept in the clip itself.",
    mappedAll: "The look on the frame that is seen.",
    looks: "Looks of this frame",
    look: (number) => `Look ${number}`,
    give: (degree) => (degree === 1 ? "Give the clip this look" : `Give the clip this look at ${Math.round(degree * 100)} %`),
    time: (at, all) => `${clock(at)} / ${clock(all)}`,
  },

  form: {
    drawn: "What is chosen, on a drawn head",
    more: "More settings",
    unset: "Automatic",
    none: "None",
    automatic: "Automatic",
    noJson: "This is not JSON.",
    format: "Format of the result",
    sameFormat: "As the photo",
  },
  formats: { jpeg: "JPEG", png: "PNG", webp: "WebP", tiff: "TIFF" },
  /**
   * Names and sentences in place of those that the server gives, by `parameter` or `effect.parameter`; of choices by `choice`,
   * `parameter.choice` or `effect.parameter.choice`. An empty sentence leaves it unsaid.
   */
  params: {
    degree: "Strength", portrait: "People keep their colours", "migrate.strength": "How completely", count: "How many", protect: "What is kept", seed: "Variation", mode: "What to do", colors: "Colours", color: "Colour", variants: "How many", negative: "What is not to be seen", guidance: "How closely to follow the words",
    "background.scene": "Scene", "background.prompt": "In words", "background.amount": "Blur",
    "colorize.neutralise": "Colour that is there already", "hair_style.color": "Its colour", "hair_transfer.color": "Its colour",
    "detect_faces.small": "Tiny faces too", "detect_faces.required": "Fail without a face",
    "enhance.scale": "Size", "enhance.model": "Network", "enhance.denoise": "Noise", "enhance.deblur": "Blur", "enhance.faces": "Cut out the faces too",
    "erase.grow": "Widen by", "erase.complete": "Take whole things",
    "extend.to": "Shape", "extend.anchor": "Where the photo stands", "extend.method": "What comes there", "extend.place": "Place of the photo", "extend.size": "Size of the whole", "extend.crop": "Part that is kept",
    "light.denoise": "Take noise away", "makeup.everybody": "Everybody", "makeup.shadow": "Eye shadow", "makeup.liner": "Eye liner",
    "replace.by": "Replace by", "replace.match": "Fit to the light there", "restore.level": "Faded tones", "restore.condition": "The print", "swap.consent": "They agree", "swap.force": "Even if they look too different", "swap.mark": "Mark",
    "video_enhance.scale": "Size", "video_enhance.denoise": "Noise", shots: "Shots", references: "References",
  },
  help: {
    count: "", strength: "0 % leaves it as it is, 100 % is the full change.", style: "Natural leaves skies, lawns and fruit believable; bold turns all nearly alike.", degree: "", portrait: "", protect: "", "migrate.strength": "", smoothness: "Low follows the reference most tightly, high keeps the photo's drawing.", spread: "0 is calm; 100 % insists on every swatch.",
    seed: "Another number gives another answer; the same one the same.", shots: "Each is cut and judged by itself, blended with its neighbours, or all are treated alike.", steps: "More take longer; empty: as the model is made for.", guidance: "Empty: as the model is made for.",
    "background.mode": "", "background.subject": "Anything is less sure than people.", "background.colors": "One, or two from top to bottom.", "background.scene": "", "background.prompt": "Invented by the image generator of this server.", "background.amount": "",
    "cartoon.smoothness": "How much detail goes.", "cartoon.lines": "", "cartoon.tones": "Steps from black to white.",
    "colorize.variants": "The first is the best answer.", "correct.variants": "Plain, then warm, vivid and soft.", "generate.style": "", "generate.strength": "How far to leave the photo.", "generate.prompt": "",
    "enhance.scale": "", "enhance.denoise": "", "enhance.deblur": "Small blur is taken away first, where it is the same all over.",
    "erase.grow": "Pixels around what was painted, for halos and soft shadows.", "erase.complete": "What is painted over in part goes wholly.",
    "extend.to": "", "extend.anchor": "", "extend.method": "", "extend.prompt": "What is to be seen beyond the borders.",
    "hair_bangs.cut": "", "hair_bangs.length": "80 % reaches the brows.", "hair_bangs.density": "", "hair_extend.length": "", "hair_extend.wave": "", "hair_volume.amount": "", "hair_volume.where": "", "hair_style.color": "", "hair_transfer.color": "", "hair_style.style": "",
    "makeup.look": "Or add a reference below.", "makeup.lips": "", "makeup.shadow": "", "makeup.liner": "", "makeup.blush": "", "makeup.foundation": "Evens the skin; its tone stays.", "makeup.everybody": "Otherwise the largest face.",
    "replace.by": "", "replace.color": "", "replace.prompt": "Such as: a red armchair.", "replace.match": "0 % keeps the object's own.",
    "restore.sensitivity": "Above 50 % wires and twigs may go too.", "restore.condition": "Worn: all that looks like damage goes, now and then a line of the photo too.", "restore.level": "", "swap.consent": "Those who are shown agree to this picture.", "swap.force": "It may not look real.", "swap.mark": "Visible is written into a corner; invisible is hidden in the picture, and `tinct marked` finds it.",
    "moderate.threshold": "A photo whose score reaches it is called unsafe; lower is stricter.", "video_enhance.denoise": "", "video_enhance.scale": "", "video_correct.look": "",
  },
  choices: {
    jpeg: "JPEG", png: "PNG", webp: "WebP", "protect.person": "People", skin: "Skin", "shots.each": "Each by itself", "shots.smooth": "A little as its neighbours", "shots.one": "All alike",
    "background.mode.remove": "Cut out", "background.mode.mask": "Matte", "background.mode.change": "Replace", "background.mode.blur": "Blur", "subject.auto": "Automatic", "subject.person": "People", "subject.any": "Anything", "background.scene.null": "None",
    "generate.style.null": "None", "makeup.look.null": "None", "mark.none": "None",
    "color.ref": "The reference's", "color.src": "Their own", "hair_style.color.ref": "The style's", "level.auto": "If worn", "level.on": "Take back", "level.off": "Leave", "condition.worn": "Worn", "condition.sound": "Sound",
    "enhance.scale.1": "Same", "enhance.scale.2": "2 ×", "enhance.scale.4": "4 ×", "video_enhance.scale.1": "Same", "video_enhance.scale.2": "2 ×", "deblur.auto": "If found", "deblur.off": "Leave", "extend.method.auto": "Automatic", "extend.method.plain": "Plain", "extend.method.banded": "Structure", "extend.method.backdrop": "The photo, out of focus", "extend.method.generator": "Invented",
    "replace.by.null": "Automatic", "replace.by.object": "Object", "replace.by.surface": "Surface", "replace.by.color": "Colour", "replace.by.prompt": "Words", "where.all": "Everywhere", "where.crown": "Crown", "where.sides": "Sides", auto: "Automatic",
  },

  keys: {
    title: "Keys",
    groups: [
      ["Photo", [["+ −", "Zoom"], ["0", "Fit"], ["1", "Real pixels"], ["← → ↑ ↓", "Move the photo, or the divider"], ["C", "Hold: before"], ["L", "Loupe"], ["F", "Fill the screen"]]],
      ["Clip", [["Space", "Play, stop"], [", .", "A frame back, on"], ["J L", "Five seconds back, on"], ["← →", "Move the divider"], ["S", "Side by side"], ["C", "Hold: before"], ["M", "Sound"], ["F", "Fill the screen"]]],
      ["Brush", [["X", "Brush or eraser"], ["[ ]", "Smaller, larger"], ["← → ↑ ↓", "Move the brush"], ["Space", "Paint"], ["H", "Move the photo"], ["Ctrl Z", "Take back"]]],
      ["Everywhere", [["Ctrl V", "Paste a photo"], ["Ctrl Z", "Take back a setting"], ["?", "These keys"]]],
    ],
  },

  palette: {
    swatch: (place, color) => `Swatch ${place}, ${color}`,
    remove: (place) => `Remove swatch ${place}`,
    add: "Add a swatch",
    strip: "Main colours",
    fromPicture: "Or take them from a picture",
    unseen: "This browser cannot read that picture. Take a JPEG or a PNG.",
    saved: "Saved palettes",
    save: "Save this palette",
    name: "Save the palette",
  },

  migrate: {
    ways: "Where the new colours come from",
    tabs: { auto: "Looks", template: "Palette", reference: "Reference", map: "Saved" },
    colors: "Swatches",
    people: "People",
    showPeople: "Show who keeps their colours",
    noLooks: "No look is saved yet. Make one and press Save look.",
    needsColors: "Add a swatch first.",
    needsReference: "Choose a reference first.",
    needsLook: "Choose a look first.",
    make: (count) => plural(count, "Make a look", "Make # looks"),
    recolor: "Recolour",
    apply: (degree) => (degree === 1 ? "Apply this look" : `Apply at ${Math.round(degree * 100)} %`),
    applyAll: (count) => `Apply to all ${count}`,
    saveLook: "Save look",
    lookName: "Name",
    cube: ".cube",
    forget: (name) => `Delete the look ${name}`,
    region: "Only a part of the photo",
    regionHelp: "Paint over it: new colours are found for it alone, and all else stays. People who are painted over are recoloured too.",
    strips: { photo: "Photo", reference: "Reference", result: "Result" },
  },

  effect: {
    run: "Run",
    make: "Make it",
    runAll: { photo: (count) => `On all ${count} photos`, clip: (count) => `On all ${count} clips` },
    missing: (commands) => `Not ready on this server. Its operator can bring what is missing: ${commands}`,
    drop: { photo: "Drop a photo to begin", clip: "Drop a clip to begin", nothing: "" },
    blank: "Say what it is to be; it appears here",
    unfit: {
      photo: (name) => `${name} is no photo. The tools for clips work on it; for this one, drop a photo.`,
      clip: (name) => `${name} is no clip. The tools for photos work on it; for this one, drop a clip.`,
    },
    lacking: (name) => `Still needed: ${name}`,
    unsaid: (name) => `Still to be said: ${name}`,
    unmet: {
      consent: "Confirm that those who are shown agree.",
      makeup: "Choose a look, or add a reference.",
      makeupBoth: "Either a look or a reference: take one of them away.",
      backdrop: "Choose colours or a scene, say it in words, or add a backdrop.",
      backdropBoth: "Only one of colours, scene, words and backdrop: take the others away.",
      object: "Add a reference that shows what is to be there, or choose another way to replace it.",
      color: "Choose the new colour.",
      prompt: "Say what is to be there.",
    },
    it: { photo: "this photo", clip: "this clip", nothing: "it" },
    optional: "optional",
    change: "Change",
    remove: "Remove",
    results: "Results",
    result: (number) => `Result ${number}`,
  },

  brush: {
    how: "Paint over what is meant; a soft border around it helps. X changes between brush and eraser, [ and ] the size, Ctrl Z takes back.",
    may: { background: "Paint the subject yourself, or leave that to the tool.", restore: "Paint what is damaged, or leave the finding to the tool." },
    first: "Paint over something first.",
    brush: "Brush",
    eraser: "Eraser",
    hand: "Move the photo",
    size: "Size of the brush",
    undo: "Undo",
    painted: (count) => (count ? plural(count, "Painted in 1 stroke", "Painted in # strokes") : "Nothing is painted"),
    clear: "Clear",
  },
  points: {
    how: "Click where you know a colour:",
    keys: "Enter puts a point into the middle; the tab key leads to it.",
    color: "Colour of the next point",
    at: ({ x, y, color }) => `${color} at ${x}, ${y}. Arrow keys move it, Delete removes it.`,
    title: "Known colours",
    onClip: "Stop the clip and click where you know a colour. It fills the thing that the point is on, and goes with it through its shot.",
    followed: "Each goes with its thing through its shot, on and back, until that is covered or lost.",
    unseen: "This browser cannot play the clip, so there is nothing to point at.",
    row: ({ at, color }) => `${clock(at)} ${color}`,
    go: "Show that frame",
    remove: ({ at, color }) => `Remove ${color} at ${clock(at)}`,
  },
  faces: {
    title: "Faces",
    shown: "Show the faces",
    face: (place) => `Face ${place}`,
    later: "They are found as soon as there is a photo.",
    seeks: "Looking for faces…",
    none: "No face was found in this photo.",
    found: (count, all) => plural(count, "1 face was found.", all ? "# faces were found." : "# faces were found; the largest is meant."),
    first: (count) => plural(count, "1 face was found. Add a reference, and it gets that face.", "# faces were found. Add a reference, then choose who gets it."),
    choose: "Choose which face gets which reference, here or on the photo.",
    keep: "Stays as it is",
    gets: (number, name) => `Reference ${number}: ${name}`,
    tag: (place, number) => (number ? `${place}: reference ${number}` : `${place}: stays`),
    press: (place, says) => `Face ${says}. Press for the next reference.`,
    nobody: "Choose a reference for one of the faces.",
  },

  job: {
    progress: "Progress",
    download: "Download",
    all: (count) => `All ${count} as ZIP`,
    use: "Go on with it",
    copy: "Copy picture",
    copied: "Copied",
    notCopied: "The browser refused",
    cancel: "Cancel",
    retry: "Try again",
    code: "Copy as code",
    facts: "What was found",
    refused: "Not accepted",
    sends: "The photo is on its way",
    states: {
      queued: (job) => (job.position ? `Waiting, place ${job.position}` : "Waiting"),
      running: (job, rest) => `Working, ${Math.round(job.progress * 100)} %${rest ? `, ${rest}` : ""}`,
      succeeded: (job) => {
        const took = (new Date(job.finished_at).getTime() - new Date(job.started_at ?? job.created_at).getTime()) / 1000;
        return `Done in ${took < 10 ? took.toFixed(1) : Math.round(took)} s`;
      },
      failed: () => "Failed",
      timed_out: () => "It took too long",
      retries_exhausted: () => "It failed several times",
      cancelled: () => "Cancelled",
    },
  },

  extend: { free: "As the sides say", nothing: "nothing", sides: { left: "Left", top: "Top", right: "Right", bottom: "Bottom" } },

  settings: {
    title: "Settings",
    undo: "Take back the last change (Ctrl Z)",
    reset: "All settings as they were at first",
    presets: "Presets",
    none: "Nothing is kept yet. Name the present settings to find them here again.",
    name: "Keep the present settings as",
    forget: (name) => `Delete the preset ${name}`,
  },

  next: {
    title: "Go on with the result",
    says: "It joins your photos, and this tool opens with it.",
  },

  tray: {
    label: "Your photos",
    pasted: "pasted.png",
    count: (photos, clips) => [photos || !clips ? plural(photos, "1 photo", "# photos") : "", clips ? plural(clips, "1 clip", "# clips") : ""].filter(Boolean).join(", "),
    more: "Add",
    clear: "Clear all",
    remove: (name) => `Remove ${name}`,
    waits: "Waits to be sent",
    sends: (share) => `Sending, ${Math.round(share * 100)} %`,
    ready: "Ready",
    queued: "Waiting",
    place: (place) => `Place ${place}`,
    runs: (share) => `${Math.round(share * 100)} %`,
    done: () => "Done",
  },

  run: {
    tally: (effect, { total, done, failed }) => `${sentence(effect)}: ${done} of ${total} done${failed ? `, ${failed} failed` : ""}`,
    zip: (count) => `Download ${count} as one ZIP`,
    retry: (count) => plural(count, "Try the failed one again", "Try the # failed again"),
  },

  history: {
    title: "History",
    says: "Everything this account has ordered, newest first. What you delete is gone from the server at once.",
    empty: "Nothing yet.",
    more: "Show more",
    remove: "Delete",
    use: "Use",
    sure: "Delete for good?",
    expired: "The results have expired.",
    credits: "Credits",
    balance: (available, held) => `${plural(available, "1 credit", "# credits")} to spend${held ? `, ${held} held by jobs that run` : ""}.`,
    columns: ["When", "What", "For", "Credits"],
    kinds: { grant: "Given", hold: "Held", charge: "Spent", release: "Given back", expire: "Lapsed" },
  },

  share: {
    title: "The same as code",
    curl: "curl",
    python: "Python",
    command: "Command line",
    copy: "Copy",
    copied: "Copied",
    byHand: "Select it and copy",
  },
};
