"""What the demo courses teach: by the course's title, its lessons in order, each a title and a text."""

DEMO_LESSONS: dict[str, tuple[tuple[str, str], ...]] = {
    "UI/UX Design": (
        (
            "What users see",
            (
                "People do not read a page, they scan it: large things first, then what is alone, then what has the "
                "colour of a link. Open a page that you know well, blur it by half closing your eyes, and note the "
                "three spots that you still see. Those three are what the page says.\n\n"
                "Now compare them with what the page is for. If somebody came to book a place, the button that "
                "books must be one of the three. Write down one thing that you would make smaller, so that another "
                "can be larger."
            ),
        ),
        ("Sketching", "Draw six versions of one screen in six minutes; the fourth is usually the first that is yours."),
        ("Colour and type", "One typeface in three sizes and one colour for what can be clicked carry most pages."),
        ("Prototypes", "A prototype answers one question; write the question on it before you draw anything."),
        ("Testing with five people", "Give a task, stay silent, and note where the finger stops; five people suffice."),
    ),
    "Full Stack Web Development": (
        (
            "The web in one hour",
            (
                "A browser sends a request, a server sends an answer, and both are text. Open the developer tools "
                "of your browser, choose the tab Network, load any page and click its first line: there are the "
                "method, the address, the headers and, below them, the body.\n\n"
                "Everything in this course is about who writes that answer. A static page is a file that is sent as "
                "it is; a dynamic one is put together from a database at the moment of the request; a single page "
                "application asks for data only and draws the page itself. Find one example of each before you go "
                "on."
            ),
        ),
        ("HTML and CSS", "Write the page without any style first; if it reads well then, the style has little to do."),
        ("JavaScript", "A page must work while a script loads: let links be links and forms be forms."),
        ("React", "Keep each fact in one place, and let everything that is drawn follow from it."),
        ("An API", "Name things, not deeds: POST /orders says more than POST /createOrder."),
        ("A database", "What must never be wrong belongs into a constraint, not into a hope."),
        ("Going live", "Deploy on the first day, while the page says only hello; every later day is easier."),
    ),
    "Data Science with Python": (
        (
            "Asking a question",
            (
                "Most analyses fail before the first line of code, because nobody said what answer would change "
                "what is done. Write your question as a sentence with two endings: if the number is above this, we "
                "do one thing; if it is below, another. When both endings are the same, you need no data.\n\n"
                "Then ask what each row of your data is: a person, a visit, a payment? A question about people "
                "cannot be answered by counting visits. Note the row, the period, and who is missing from the "
                "table."
            ),
        ),
        ("pandas", "Look at the types first: a column of numbers that is called object holds a surprise."),
        ("Pictures of data", "Draw the points before the average; four very different clouds share one line."),
        ("Regression", "A coefficient is an answer only together with what was held constant."),
        ("What a model cannot tell", "It knows the past of those who are in the table, and nobody else's future."),
    ),
    "Cloud & DevOps": (
        (
            "Containers",
            (
                "A container is a process with its own view of the files, the network and the other processes. It "
                "is not a small machine: it shares the kernel with its neighbours, and it ends when its first "
                "process ends. Start one, look at its list of processes, and find the same process in the list of "
                "the host.\n\n"
                "Three rules save most of the trouble later. Write nothing into the container that you want to "
                "keep. Let the main process be number one, so that it hears the signal to stop. And build the image "
                "once: what was tested is what is deployed, bit for bit."
            ),
        ),
        ("Pipelines", "The slowest step decides how often people ship; measure it before you add another."),
        ("Infrastructure as text", "If it cannot be rebuilt from the repository, it is a pet with a password."),
        ("Watching it run", "Alert on what users feel, and keep the rest on a page that you open when they do."),
        ("When it breaks", "Restore first and understand afterwards; write down times while they are fresh."),
    ),
    "Backend & APIs": (
        (
            "HTTP",
            (
                "The method of a request is a promise. GET promises that nothing changes, so caches and crawlers "
                "may repeat it at will. PUT promises that a second try does what the first did. POST promises "
                "nothing, and that is why a payment button needs a key of its own against double clicks.\n\n"
                "The status of the answer is the other half of the contract: 4xx says that the client should change "
                "something, 5xx that it may come back later. Take an API that you use and find one answer that "
                "breaks this; then describe what a client has to guess because of it."
            ),
        ),
        ("Resources", "Let addresses name what lasts, and let the verbs be few."),
        ("Who may do what", "Decide in one place, and answer for a foreign thing as for one that does not exist."),
        ("Transactions", "What belongs together is written together; what is outside the database waits until then."),
        ("Versions", "Add, never rename: a field that nobody reads costs less than a client that breaks."),
    ),
    "Git for Everyone": (
        (
            "Commits",
            (
                "A commit is a snapshot of the whole project with a sentence about why it differs from the one "
                "before. Git stores no differences: it works them out when you ask. That is why a commit can be "
                "taken anywhere, and why its sentence matters more than its diff, which everyone can see anyway.\n\n"
                "Make a folder, run git init, and commit a shopping list. Change one line and commit again. Now run "
                "git log -p and read it as a stranger would: does each sentence tell you why?"
            ),
        ),
        ("Branches", "A branch is a name for one commit that moves along; it costs 41 bytes, so make many."),
        ("Undoing things", "Nothing that was committed is lost for thirty days: git reflog knows where it went."),
    ),
    "PostgreSQL in Depth": (
        (
            "Reading a plan",
            (
                "EXPLAIN shows what the planner expects, EXPLAIN (ANALYZE, BUFFERS) what happened. Read it from the "
                "inside out: the deepest line runs first and hands its rows to the line above. At each line compare "
                "the expected number of rows with the real one; where they differ by more than ten times, the plan "
                "above it is a guess.\n\n"
                "Then look at the buffers. A query that reads a thousand pages to return one row lacks an index or "
                "uses the wrong one; a query that reads them from the disk will be faster the second time, and you "
                "should not believe that second figure."
            ),
        ),
        ("Indexes", "An index helps a question whose columns it begins with; every other column only comes along."),
        ("Locks", "Take them always in the same order, and two transactions can wait but never for each other."),
        ("Partitions", "Partition what is deleted by date; dropping a table takes a moment, deleting rows a night."),
        ("Backups that restore", "A backup is what was restored last week; everything else is a file."),
    ),
    "Accessible Interfaces": (
        (
            "Who is left out",
            (
                "About one person in six lives with a disability, and everyone else has a broken arm, a bright sun "
                "or a crying child at times. An interface that needs two hands, good eyes and silence leaves out "
                "far more people than its makers ever meet.\n\n"
                "Use your own product for ten minutes without the mouse, then for ten with the screen turned off "
                "and a screen reader on. Write down where you gave up. This list is the plan for the rest of the "
                "course."
            ),
        ),
        ("Keyboards", "Whatever can be clicked can be reached with Tab, is seen when it is, and answers to Enter."),
        ("Screen readers", "A button is called what it does; an icon without a name is called button."),
        ("Checking", "A tool finds a third of the barriers; the rest takes people who work with these every day."),
    ),
    "Django from the Ground Up": (
        (
            "A first page",
            (
                "A Django project answers a request in three steps: the list of addresses finds a function, the "
                "function returns an answer, and the middle layers around it add what all answers share. Make a "
                "project, add one address, and return the text Hello; you have seen the whole road already.\n\n"
                "Now return the current time instead, and load the page twice. Then raise an error on purpose and "
                "read the yellow page from the bottom up: its last line names the mistake, the lines above tell how "
                "the program came there. You will read that page often, so make friends with it."
            ),
        ),
        ("Models", "A model is a table in other words; let the database refuse what must not be stored."),
        ("Forms", "A form is where a stranger's text becomes a value of yours; nothing passes it unread."),
        ("Tests", "Test what would hurt if it broke, through the address that people use."),
        ("Deploying", "DEBUG is off, the secret is secret, the files are static: check --deploy knows the rest."),
    ),
    "Security for Developers": (
        (
            "Threats",
            (
                "Security begins with a question that is not technical: who would want what of ours, and what would "
                "they pay for it? A shop loses cards, a clinic loses trust, a newsletter loses its reputation to a "
                "spammer. Write three names of attackers and one wish for each.\n\n"
                "Then draw your system as boxes with arrows and mark each arrow that comes from somebody you do not "
                "control. At every mark ask what happens if the text is longer, repeated, forged or never ends. "
                "Half of this course is the answers to these four questions."
            ),
        ),
        ("Logins", "Hash slowly, count failures for account and network alike, and never say which half was wrong."),
        ("Input", "Keep data and commands apart: parameters for SQL, escaping for pages, no shell at all."),
        ("Secrets", "A secret in a repository is published; change it first and rewrite history never."),
        ("When it happened", "Know whom to call, what to switch off, and where the logs are, before you need to."),
    ),
    "Writing for Engineers": (
        (
            "One reader",
            (
                "Every document is a letter to one person. Choose somebody real: the colleague who starts on "
                "Monday, or yourself in a year, at night, with the pager in your hand. Write down what this person "
                "knows already and what they will do after reading. Delete whatever serves neither.\n\n"
                "Take the last page that you wrote and mark in the margin, paragraph by paragraph, for whom it is. "
                "Where two names appear, you have two documents."
            ),
        ),
        ("One page", "Say the decision in the first sentence; who agrees may stop reading there."),
        ("Examples first", "Show one that works, then explain it; nobody reads a grammar before the first word."),
    ),
    "Machine Learning in Production": (
        (
            "From notebook to service",
            (
                "A notebook remembers the order in which you ran its cells; a service does not. Begin by restarting "
                "the kernel and running everything from the top. What fails now would have failed at three in the "
                "morning, and most of it is a variable that no longer exists.\n\n"
                "Next, separate what runs once from what runs for each request. Training, loading and checking "
                "belong to the first, and the second should be a pure function: the same input, the same answer, no "
                "clock and no network. Only then put HTTP around it, and write the version of the model into every "
                "answer."
            ),
        ),
        ("Data that changes", "Compare this week's inputs with those of the training before you trust any answer."),
        ("Measuring", "Accuracy is a figure of the past; watch what people do with the answer instead."),
        ("Rolling back", "The old model stays loaded until the new one has had a quiet week."),
    ),
}
