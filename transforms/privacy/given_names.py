"""Given names common among speakers of English, Irish, Portuguese, Spanish and Arabic, in India and China, folded.

Names that are also everyday words, months, gems, flowers, towns or brands (Mark, Grace, May, Ruby, Rose, Austin,
Mercedes) are left out: they count as names only behind a cue such as "my name is".
"""

from __future__ import annotations

GIVEN_NAMES = frozenset(
    """
aakash aarav aaron abdallah abdelaziz abdelkader abdul abdullah abdulrahman abhay abhijit abhinav abhishek abigail
adalberto adam ademir adilson aditi aditya adnan adriana adriano afonso agatha agnaldo agnes agnieszka ahmad ahmed
aiden ailton aisha aisling ajay ajit akash akhil akshay alan alana alasdair albert alberto alcides aldair aldo
alejandra alejandro alessandra alessandro alexander alexandra alexandre alexis alfie alfonso alfred alfredo ali
alia alice alicia aline alison alistair allan allison alok alonso altair aluisio alvaro alyssa amanda amauri amelia
amelie amin amina aminah amir amira amit amita amitabh amr amrita ana anabela anand ananya anas anderson andre
andrea andreia andres andrew andy angela angelica angelina angelo angus anil anirudh anish anita anjali anju ankit
ankita ankur ann anna annabel annabelle anne annette anselmo anthony antonella antonia antonio antony anuj anupam
anuradha anushka anwar aoife aparecida aparna arabella archana archie ariana arjun arlene arlindo armando arnaldo
arnav arnold arthur artur arturo arun aruna arvind aryan ashish ashley ashok ashwin ashwini asma atul augusto
aurora ava avinash ayden ayman ayoub ayush aziz aziza balaji baltasar barbara barry bashir bassam beatrice beatrix
beatriz belen benedita benedito benicio benito benjamin berenice bernadette bernard bernarda bernardo beth bethan
bethany betty beverly bhavna bhavya bianca bilal brandon brayden brenda brendan breno brent brett brian brianna
bridget brigid brittany bronwyn bruce bruna bruno bryan caio caitlin caleb callum calvin cameron camila camille
camilo caoimhe carl carla carlos carmelo carmen carol carole carolina caroline carolyn carys catalina catarina
catherine cathy cauan cayetano cecilia celeste celia celina celso cerys cesar chandan charlene charles charlotte
cheryl chloe chris christian christina christine christopher cian ciara ciaran cillian cintia claire clara clarice
clarissa claudia claudio cleber cleide cleiton cleusa clifford clodoaldo colin colleen conall connie conor corey
cormac courtney craig cressida creusa cristiana cristiane cristiano cristina cristobal cristovao curtis cynthia
dalila dalva damian damiao damini daniel daniela daniele danielle danilo danny daphne dario darlene darren darryl
darshan daryl dave davi david debbie deborah debra declan deepa deepak deepika deirdre deise delfim demetrio denise
dennis derek dermot dervla desiree devika dhruv dhruvi diana diane diego dilip dina dinesh diogo dirceu divya
djalma dolores dominic donal donald donna dora doris dorothy douglas duarte dulce duncan dwayne dylan eamon edgar
edgardo edilson edith edivaldo edmund edna edson eduarda eduardo edward edwin efrain eileen eithne eladio elaine
eleanor elena eli eliana eliane elias elijah elisa elisabete eliseu eliza elizabeth ella ellen ellie elsa elton
elvira elza emanuel emilia emiliano emilio emily emma emrys enrique enzo eoghan eoin eraldo eric erica erick erik
erika erin ernani ernesto esmeralda esteban estefania estela estelle esther ethan euan eugene eugenia eunice
eusebio eva evaldo evandro evaristo evelyn everton evie ewa ewan ezequiel fabiana fabiano fabio fabiola fabricio
facundo fadi fahad faisal farah farid farida faris farouk fatemeh fathi fatima fatma fawzi federico feliciana
feliciano felipe fergus fermin fernanda fernando ffion fidel filipa filipe finlay fintan fiona fionn firmino flavia
flaviana flavio florencia frances francesca francisca francisco franklin fraser fred freddie frederick frederico
freya fuad gabriel gabriela gabrielle gail gareth gary gaspar gaurav gautam gavin gayatri genaro genival geoffrey
george georgie georgina geovana geovani gerald geraldina geraldo gerardo gethin ghada gilberto gilda gillian gilmar
gilson giovana giovanna girish gisela gisele giselle gladys glauber gleice glenn gloria goncalo gonzalo gopal
gordon govind graca graciela graeme graham grainne greg gregor gregory guadalupe guilherme guillermo guoqiang
guowei gurpreet gustavo gwen gwyneth habib hafsa haider hakim hamad hamid hamish hamza hanan hannah haoran haoyu
harish harjit harold harpreet harriet harry harsha harvey hasan hassan hatem hayden heather heba heitor helen
helena helga helio heloisa hema hemant henrique henry herbert heriberto hernan hicham hilary hisham hitesh horacio
hossam howard huda hugo humberto hussain hussein iain ian iara ibrahim idris ieda ieuan ignacia ignacio igor ilda
iman imogen imran inacia inacio indira ines ingrid inmaculada iracema irene irineu irma isaac isabel isabela
isabella isabelle isabelly isadora isaias isaura ishaan ishan ishita isidro isis isla ismael ismail itzel ivan
ivanilda ivanna ivete ivone ivonete jacinta jack jackie jacob jacqueline jagdish jaime jair jake jamal james jamie
jamila janaina jandira jane janet janice jared jarrod jasmine jason jaspreet jatin javier jawad jaya jayant jayden
jayesh jayne jazmin jean jeanne jeferson jeff jeffrey jemima jenna jennifer jenny jeremiah jeremy jerry jesse
jessica jiahao jianguo jianhua jianjun jiaqi jiaxin jiayi jill jinhua joan joana joanna joanne joao joaquim joaquin
joaquina jocelino jodi jodie joe joel joelma john johnny jolene jon jonas jonathan jorge jorgelina jorgina jose
josefa josefina joseph josh joshua josiane josie josue joyce juan juanita jucelino judite judith julia julian
juliana juliano julie julieta julio junjie juraci jurema jussara justin jyoti kabir kailash kalpana kamal kamala
karan karen karim karima karina karine karl karla karolina karthik kartik katarzyna kate katherine kathie kathleen
kathryn kathy katia katie kauan kavita kavya kayden kayla keerthi keiran keith kelly kelvin ken kenneth ketan kevin
khadija khaled khalid khalil kieran kieron kim kimberly kiran kirsten kirsty kirti kishore kleber kristen kristin
kristy krzysztof kunal kyle kylie lachie lachlan laercio laila lais lakshmi lamia lana larissa larry laura laureano
lauren laurence laurie lautaro lavinia lawrence layla leah leandro leanne leila lenita leo leon leona leonard
leonardo leonor leopoldo leslie leticia levi liadan liam lidia ligia lihua lijuan lilian liliana lillian lina linda
lindalva lindsay ling liping lisa livia liz logan lois lola lorena lorenzo lorna lorraine lottie louis louisa
louise lourdes luan luana lubna luca lucas lucia luciana luciane luciano luciene lucimar lucinda lucio lucy luis
luisa luisana luiz luiza luke lupe lurdes luzia lydia lyndon madalena maddison madeleine madeline madhav madhuri
madison maeve mafalda magali mahesh mahmoud mahmud mairead maisie majed majid malak malcolm malgorzata manav
mandeep manish manisha manjit manju manoel manoj manolo mansour manuel manuela mara marcela marcelino marcelle
marcelo marcia marcio marco marcos marcus margaret margarete margarida maria mariam mariana marianne maribel
maricela marie marilene marilia marilyn marina mario marisa marisol maristela marjorie marlene marlon marta martha
martim martyn marwa marwan mary maryam mateo mateus matheus mathew matias matilda matilde matthew maureen mauricio
maurilio mauro maximiliano maxine maya mayank mazen meena meenakshi meera megan megha mehdi mehul mei meilin
meiling melanie melina melissa mercia meredith mia micael micaela michael michele michelle miguel mike milena
millie milton minghui mingyu mirela mireya miriam mitch mitchell moacir mohamad mohamed mohammad mohammed mohan
mohit moises mollie molly mona monica monique morgan mounir mourad muhammad mukesh murilo murray mustafa mustapha
nabil nabila nadeem nader nadia nadim nadine nahuel naima nair najib najwa nancy nandini naomi narayan narendra
naresh nasser natalia natalie natasha nathalia nathan nathaniel naveen navya nawal nayeli neelam neeraj neha neide
nelson nerida nerys neusa neuza niamh nicanor nicholas nick nicola nicolas nicole nigel nikhil nikita nikki nilesh
nilson nilton nina nisha nishant nitin nizar noah noel noelia noemi nora norberto noreen norma noura nuala nuno
octavio odair odete ofelia oisin olavo olga oliver olivia olivio ollie omar oonagh orla orlando osama oscar osmar
osvaldo otavio othman owain owen pablo padraig pallavi paloma pamela pankaj parth parul parvati patricia patrick
paul paula paulina pauline paulo pedro penelope peter petra philip philippa phillip phoebe phyllis pietro piotr
pooja prabhakar pradeep prakash pramod pranav prashant prateek pratibha praveen preeti prerna priscila priti priya
priyanka puja puneet purnima qasim quiteria rabia rachel rachid rachna radha radhika rafael rafaela raghav rahul
raimunda raimundo raj rajat rajeev rajendra rajesh rajiv rajni raju rakesh ralph raman ramesh rami ramiro ramon
rana rania ranjit raquel rasha rashid rashmi raul ravi ravindra rayan rayssa rebecca rebekah reggie regiane regina
reginaldo reinaldo rekha renan renata renato renu renuka reshma reynaldo rhiannon rhonda rhys ricardo richard
riddhi rigoberto rita ritika ritu riya riyad robert roberta roberto rocio rodney rodolfo rodrigo rogelio roger
rogerio rohan rohini rohit roisin romulo ronaldo ronan rory rosalia rosalind rosana rosangela rosario rosaura
roseli rosemary rosendo rosie rosimeire rosinha ross rowena roy ruben rubens rui ruoxi rupali ruperto ruqayya
russell ruth ryan saad sabri sabrina sachin sadie safiya sahil sakshi salah salim sally salma samantha samar samara
sameer sameh sami samia samir samira samuel sandeep sandhya sandra sandro sangeeta sanjana sanjay sanjeev santosh
saoirse sara sarah sarita sasha satish saul savita sayed scott seamus sean sebastian sebastiana sebastiao seema
selma serafin sergio seth severina severino shadi shalini shane shankar shannon sharad sharif sharon shashi shaun
shauna shawn sheila shelby shelley sheryl shilpa shirley shivam shivani shreya shruti shubham shufen shuhui shweta
sian siddharth sidnei sidney sihan silas silvana silvestre silvia silvio simao simon simone simran sinead siobhan
siqi siyu smita sneha sofia solange sonal sonali sonam sonia sophia sophie soraia sorcha srinivas stacey stanley
stefan stefanie stella stephanie stephen steve steven stewart stuart subhash sudha sudhir sueli suely sujata
suleiman sumaya sumit sunil sunita suraj surendra suresh susan susana sushma suzana suzanne suzie swapna swati
sylvia tabata tadhg taha tahir tamara tamer tamsin tania tanvi tanya tara tarcisio tarek tariq tarun tatiana
tatiane tayna telma teodoro terence teresa teresinha tereza terezinha tessa thais thalita thamires theo theodore
theresa thiago thomas tiago tiffany tim timothy tina tingting toby todd tom tomas tomasz tommy toni tony tonya
tracey tracy travis trevor trisha tristan tristram tushar tyler ubirajara uday ulises ulisses umar ursula usman
vaibhav valdemar valdir valdirene valentina valeria valeriano valmir vanda vandana vander vanessa vania varsha
varun vasco vasudha vera veronica veronique vicenta vicente vicki vicky victoria vijay vikas vikram vikrant vilma
vimal vinay vincent vineet vinicius vinod vipul vishal vishnu vitor vitoria vivek vivian viviane wael wagner waldir
waleed walid wallace walter wanda wanderson wassim wayne wei weijie weiming wellington wenbin wendy wenjing wesley
whitney wilfredo william wilma wilson winifred wojciech wyatt xavier xiao xiaohong xiaoli xiaoling xiaomei xiaoming
xiaoyu ximena xinyi xinyu xiomara xiuying xuan yadira yago yahya yamila yaping yara yasin yasir yasmin yasmine
yasser yating yesenia yichen yifan yingying yogesh yogita yolanda yongjun younes yousef youssef yuhan yuri yusuf
yuting yutong yuxuan yvette yvonne zach zachary zack zahra zaid zainab zakaria zara zaynab zeinab zelia zenaide
zheng zhihao zhiming zhiwei ziad zihan zilda zixuan zoe zoey zuhair zuleica zulema
""".split()  # noqa: SIM905 - one word beside the other can be read
)
"""Lower case without accents; compare names folded in the same way."""
